# ends: limit-steps
from itertools import count
def f(*a): pass
f(*count())
