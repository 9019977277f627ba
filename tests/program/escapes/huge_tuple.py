# ends: limit-memory
(1, 2) * 10**12
