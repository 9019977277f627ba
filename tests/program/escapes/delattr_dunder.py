# ends: not-reachable
class A: pass
delattr(A, "__module__")
