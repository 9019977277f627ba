# ends: limit-number
import math
class A:
    def __index__(self): return 10**9
math.factorial(A())
