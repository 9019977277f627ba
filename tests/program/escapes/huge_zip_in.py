# ends: limit-steps
5 in zip(range(10**12))
