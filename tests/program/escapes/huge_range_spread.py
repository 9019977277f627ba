# ends: limit-memory limit-steps
print(*range(10**12))
