# ends: not-reachable
try:
    next(iter([]))
except StopIteration as e:
    e.__traceback__
