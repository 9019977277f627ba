# ends: limit-steps
any(range(0, 1)) or all(range(1, 10**12))
