# ends: limit-steps limit-memory
from itertools import accumulate, repeat
max(accumulate(repeat(1)))
