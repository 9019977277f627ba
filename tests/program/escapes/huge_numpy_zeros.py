# ends: limit-memory
np.zeros((10**6, 10**6))
