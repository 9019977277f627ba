# ends: limit-number
1 << 10**12
