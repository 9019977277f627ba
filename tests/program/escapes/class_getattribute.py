# ends: not-reachable
class A:
    def __getattribute__(self, name): return 1
