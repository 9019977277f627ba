# ends: limit-steps
from itertools import cycle
max(cycle([1, 2]))
