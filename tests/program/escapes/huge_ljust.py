# ends: limit-size
"a".ljust(10**12)
