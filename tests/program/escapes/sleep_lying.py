# ends: limit-time limit-steps uncaught
import time
class A:
    def __lt__(self, o): return False
    def __radd__(self, o): return self
    def __sub__(self, o): return self
    def __gt__(self, o): return True
    def __float__(self): return 1e9
time.sleep(A())
