# ends: limit-memory
from collections import deque
deque([0]) * 10**12
