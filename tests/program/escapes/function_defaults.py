# ends: not-reachable
def f(a=[1]): return a
f.__defaults__[0].append(2)
