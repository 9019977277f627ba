# ends: limit-memory
10**12 * "a"
