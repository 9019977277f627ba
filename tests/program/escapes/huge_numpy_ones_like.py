# ends: limit-memory
np.ones_like(np.zeros(1), shape=(10**6, 10**6))
