# ends: not-reachable
def f(): pass
print("{f.__globals__[__name__]}".format(f=f))
