# ends: limit-memory
np.repeat(np.zeros(10), 10**12)
