# ends: limit-memory uncaught
class A:
    def __index__(self): return 10**12
    def __gt__(self, o): return False
    def __lt__(self, o): return True
    def __rmul__(self, o): return 0
np.linspace(0, 1, A())
