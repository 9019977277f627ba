# ends: limit-steps
from itertools import count
next(filter(lambda x: x < 0, count()))
