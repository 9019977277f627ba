# ends: limit-size
print("%1000000000d" % 1)
