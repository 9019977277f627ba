# ends: not-reachable
from functools import partial
print(partial(len).func.__self__)
