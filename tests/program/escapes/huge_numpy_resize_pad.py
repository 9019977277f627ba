# ends: unknown-attribute
np.pad(np.zeros(3), 10**12)
