# ends: limit-memory limit-nesting limit-steps limit-time
# alone
from itertools import islice
z = iter([1])
for i in range(10**5): z = islice(z, 1)
next(z)
