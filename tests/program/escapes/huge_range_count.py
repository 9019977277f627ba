# ends: limit-steps
range(10**12).count("x")
