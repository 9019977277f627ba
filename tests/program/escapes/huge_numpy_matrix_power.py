# ends: limit-memory uncaught limit-time
np.linalg.matrix_power(np.zeros((2, 2)), 10**18)
raise ValueError
