# ends: limit-size
print("%.1000000000f" % 1.0)
