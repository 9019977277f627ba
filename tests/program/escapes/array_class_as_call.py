# ends: uncaught not-reachable
class A:
    __call__ = np.ndarray
print(A()(1000))
