# ends: limit-memory
def g():
    try:
        x = "a" * 10**12
        yield x
    except BaseException:
        yield 5
print(next(g()))
