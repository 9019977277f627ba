# ends: limit-size
print(format(1, "1000000000"))
