# ends: not-reachable
class A:
    __slots__ = ("x",)
