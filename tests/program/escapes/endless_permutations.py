# ends: limit-steps
from itertools import permutations
any(not p for p in permutations(range(30)))
