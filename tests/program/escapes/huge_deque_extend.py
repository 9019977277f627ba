# ends: limit-memory limit-steps
from collections import deque
deque().extend(range(10**12))
