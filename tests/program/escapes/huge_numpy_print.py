# ends: limit-memory limit-size uncaught
np.set_printoptions(threshold=10**9)
print(np.zeros(3).tolist()[5])
