# ends: limit-steps limit-memory
list(iter(int, 1))
