# ends: limit-nesting
from functools import lru_cache
@lru_cache
def f(n): return f(n + 1)
f(0)
