# ends: uncaught
def g(): yield 1
h = g()
next(h)
h.throw(type(h))
