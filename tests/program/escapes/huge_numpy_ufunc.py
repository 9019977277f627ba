# ends: limit-memory
np.add(np.zeros((10**6, 1)), np.zeros(10**6))
