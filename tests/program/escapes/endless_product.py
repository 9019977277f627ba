# ends: limit-steps
from itertools import product
for x in product(range(100), repeat=50): pass
