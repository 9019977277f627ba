# ends: limit-steps
from collections import deque
from itertools import count
deque(count(), 1)
