# ends: not-reachable
class A: pass
setattr(A, "__array_interface__", {"data": (140000000000000, False), "shape": (10,), "typestr": "<f8"})
print(np.array(A()))
