# ends: limit-nesting
from functools import reduce
def f(a, b): return reduce(f, [1, 2])
f(1, 2)
