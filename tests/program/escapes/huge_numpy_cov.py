# ends: limit-memory
np.cov(np.zeros((10**6, 2)))
