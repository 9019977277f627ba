# ends: limit-steps
from functools import reduce
from itertools import repeat
reduce(lambda a, b: a, repeat(1))
