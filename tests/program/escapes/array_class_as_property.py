# ends: uncaught not-reachable
class A:
    p = property(np.ndarray)
    def __index__(self): return 1000
print(A().p)
