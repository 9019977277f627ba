# ends: limit-memory
np.linspace(0, 1, 10**12)
