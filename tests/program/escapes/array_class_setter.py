# ends: uncaught not-reachable
class A:
    p = property(lambda self: 1).setter(np.ndarray)
A().p = 1000
