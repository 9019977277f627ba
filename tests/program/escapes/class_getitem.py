# ends: not-reachable
class A:
    def __class_getitem__(cls, item): return cls
