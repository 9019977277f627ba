# ends: limit-memory
set(range(10**12))
