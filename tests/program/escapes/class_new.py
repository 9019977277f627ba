# ends: not-reachable
class A:
    def __new__(cls): return 5
