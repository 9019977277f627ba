# ends: limit-steps
max(range(10**12))
