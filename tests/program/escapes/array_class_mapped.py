# ends: uncaught
print(list(map(np.ndarray, [1000])))
