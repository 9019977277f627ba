# ends: limit-nesting
class A:
    def __eq__(self, o): return [self] == [A()]
A() == A()
