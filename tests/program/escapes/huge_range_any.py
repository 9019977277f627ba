# ends: limit-steps
any(x > 10**13 for x in range(10**12))
