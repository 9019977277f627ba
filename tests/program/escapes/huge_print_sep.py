# ends: limit-memory limit-steps
print(*([1] * 10**6), sep="a" * 10**6)
