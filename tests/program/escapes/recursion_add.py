# ends: limit-nesting
class A:
    def __add__(self, o): return o + self
    __radd__ = __add__
A() + A()
