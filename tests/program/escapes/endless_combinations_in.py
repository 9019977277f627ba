# ends: limit-steps
from itertools import combinations
0 in combinations(range(60), 30)
