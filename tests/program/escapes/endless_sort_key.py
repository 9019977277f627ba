# ends: limit-steps
def key(x):
    while True: pass
sorted([1, 2], key=key)
