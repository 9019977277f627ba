# ends: uncaught
A = type(np.zeros(1))
print(A(1000))
