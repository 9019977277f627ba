# ends: limit-memory limit-steps limit-time
# slow
def f():
    try: f()
    except RecursionError: f()
f()
