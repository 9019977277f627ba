# ends: limit-steps
from itertools import count
next(x for x in count() if x < 0)
