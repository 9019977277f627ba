# ends: not-reachable
class A:
    def f(self): pass
A().f.__func__.__globals__
