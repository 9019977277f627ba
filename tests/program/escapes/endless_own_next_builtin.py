# ends: limit-steps
class A:
    __next__ = id
    def __iter__(self): return self
5 in A()
