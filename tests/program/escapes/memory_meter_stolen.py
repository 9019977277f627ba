# ends: limit-memory uncaught
import random
class A:
    def __rmul__(self, o): return self
    def __gt__(self, o): return False
    def __radd__(self, o): return self
    def __add__(self, o): return self
    def __lt__(self, o): return False
    def __ge__(self, o): return True
    def __le__(self, o): return True
    def __index__(self): return 1
try:
    random.sample([1], A())
except TypeError: pass
x = []
while True: x.append([0] * 10**5)
