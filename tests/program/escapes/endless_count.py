# ends: limit-steps limit-memory
from itertools import count
list(count())
