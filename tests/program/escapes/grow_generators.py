# ends: limit-memory limit-steps limit-time
# slow
def g():
    x = [0] * 1000
    yield x
kept = []
while True:
    h = g()
    next(h)
    kept.append(h)
