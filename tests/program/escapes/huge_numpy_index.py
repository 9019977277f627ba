# ends: limit-memory
np.zeros((1000, 1000))[np.zeros(10**6, dtype="int64")]
