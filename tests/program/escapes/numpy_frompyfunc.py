# ends: unknown-attribute
np.frompyfunc(len, 1, 1)
