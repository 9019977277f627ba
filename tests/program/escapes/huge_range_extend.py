# ends: limit-memory
x = []
x.extend(range(10**12))
