# ends: limit-memory
s = "a" * 10**6
"".join([s] * 10**5)
