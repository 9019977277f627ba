# ends: limit-steps
"x" in range(10**12)
