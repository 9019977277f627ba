# ends: limit-memory limit-number limit-steps limit-time
# slow
import math
math.lcm(*range(1, 10**5))
