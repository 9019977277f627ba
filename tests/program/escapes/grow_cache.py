# ends: limit-memory limit-steps limit-time
# slow
from functools import lru_cache
@lru_cache
def f(n): return [0] * 1000
i = 0
while True:
    f(i)
    i += 1
