# ends: not-reachable
class A:
    def f(self): return super().__subclasshook__
A().f()
