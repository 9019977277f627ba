# ends: limit-memory limit-steps
a, *b = range(10**12)
