# ends: uncaught
class A(str):
    def __format__(self, spec): return "x" * 10**9
