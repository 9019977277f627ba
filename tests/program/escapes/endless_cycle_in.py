# ends: limit-steps
from itertools import cycle
5 in cycle([1, 2])
