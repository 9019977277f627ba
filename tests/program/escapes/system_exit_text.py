# ends: uncaught
class A:
    def __index__(self): return 10**6
raise SystemExit(A()) from ValueError
