# ends: limit-memory limit-steps
from functools import lru_cache
@lru_cache
def f(n): return [0] * 1000
i = 0
while True:
    f(i)
    i += 1
