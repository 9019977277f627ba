# ends: limit-number
int("9" * 10**6)
