# ends: limit-memory
np.eye(10**6)
