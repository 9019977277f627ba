# ends: limit-memory limit-steps
def f(*a): return f(*a, *a)
f(1)
