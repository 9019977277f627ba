# ends: limit-memory
tuple(range(10**12))
