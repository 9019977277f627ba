# ends: limit-memory
np.arange(10**12)
