# ends: limit-memory limit-nesting limit-steps limit-time
# alone
from itertools import chain
z = iter([1])
for i in range(2 * 10**5): z = chain(z)
next(z)
