# ends: not-reachable
def look(f): return f.__globals__
@look
def f(): pass
