# ends: limit-number
pow(7, 10**9)
