# ends: not-reachable
class A:
    def __eq__(self, o): return True
del A.__eq__
