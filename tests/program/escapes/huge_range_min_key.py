# ends: limit-steps
min(range(10**12), key=abs)
