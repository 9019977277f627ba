# ends: limit-memory
np.outer(np.zeros(10**6), np.zeros(10**6))
