# ends: limit-nesting limit-steps
from functools import partial
f = len
for i in range(10**5): f = partial(f)
f([])
