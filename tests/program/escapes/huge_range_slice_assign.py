# ends: limit-memory
x = [1]
x[:] = range(10**12)
