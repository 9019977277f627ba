# ends: limit-steps limit-memory
import math
from itertools import repeat
math.fsum(repeat(1.0))
