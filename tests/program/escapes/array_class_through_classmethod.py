# ends: uncaught not-reachable
class A:
    make = classmethod(np.ndarray)
print(A.make(1000))
