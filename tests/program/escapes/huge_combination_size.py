# ends: limit-memory uncaught
from itertools import combinations
combinations(range(3), 10**12)
raise ValueError
