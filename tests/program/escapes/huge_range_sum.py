# ends: limit-steps
sum(range(10**12))
