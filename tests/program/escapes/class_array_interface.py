# ends: not-reachable
class A:
    __array_interface__ = {"data": (140000000000000, False), "shape": (10,), "typestr": "<f8", "version": 3}
print(np.array(A()))
