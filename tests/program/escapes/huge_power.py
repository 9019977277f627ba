# ends: limit-number
10**10**10
