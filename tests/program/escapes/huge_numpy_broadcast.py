# ends: limit-memory
np.zeros((10**6, 1)) + np.zeros(10**6)
