# ends: uncaught limit-steps
def g():
    try:
        yield 1
    except GeneratorExit:
        yield 2
h = g()
next(h)
h.close()
