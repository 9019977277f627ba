# ends: limit-number
import math
math.prod(range(1, 10**6))
