# ends: limit-steps
5 in iter(int, 1)
