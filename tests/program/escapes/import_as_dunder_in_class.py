# ends: not-reachable
class A:
    import math as __getattr__
