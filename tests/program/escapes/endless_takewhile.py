# ends: limit-steps
from itertools import count, takewhile
sum(takewhile(lambda x: True, count()))
