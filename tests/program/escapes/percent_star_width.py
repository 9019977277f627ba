# ends: limit-size
print("%*d" % (10**9, 1))
