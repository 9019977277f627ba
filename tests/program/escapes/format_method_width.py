# ends: limit-size
print("{:>{}}".format("x", 10**10))
