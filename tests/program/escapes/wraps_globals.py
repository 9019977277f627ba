# ends: not-reachable
from functools import wraps
@wraps(len)
def f(): pass
f.__wrapped__
