# ends: limit-nesting
def f(): return f()
f()
