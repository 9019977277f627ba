# ends: uncaught
print(sorted([1000, 1001], key=np.ndarray))
