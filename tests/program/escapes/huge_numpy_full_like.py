# ends: limit-memory
np.full_like(np.zeros(1), 1, shape=10**12)
