# ends: limit-memory
print("a" * (80 * 10**6), "a" * (80 * 10**6), "b" * (80 * 10**6))
