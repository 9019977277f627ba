# ends: limit-number
x = 1
x <<= 10**12
