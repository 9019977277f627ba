# ends: limit-memory uncaught
class A:
    def __float__(self): return 1.0
    def __index__(self): return 10**12
np.arange(A())
