# ends: limit-memory
np.diag(np.zeros(10**6))
