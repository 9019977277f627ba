# ends: limit-memory
np.tile(np.zeros(10), 10**12)
