# ends: not-reachable
class A: pass
setattr(A, "__getattribute__", lambda self, n: n)
