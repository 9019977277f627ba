# ends: limit-memory
from itertools import product
product([1], repeat=10**12)
