# ends: uncaught not-reachable
class A:
    make = staticmethod(np.ndarray)
print(A.make(1000))
