# ends: limit-steps uncaught
import random
class A:
    def __rsub__(self, o): return self
    def __sub__(self, o): return self
    def __lt__(self, o): return False
    def __rmul__(self, o): return 1
    def __index__(self): return 1
    def __gt__(self, o): return False
    def __radd__(self, o): return self
    def __add__(self, o): return self
random.choices([1], k=A())
while True: pass
