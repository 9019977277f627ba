# ends: limit-memory
x = np.zeros(10**6)
np.concatenate([x] * 10**5)
