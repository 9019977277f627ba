# ends: limit-nesting
def key(x): return sorted([2, 1], key=key)
key(1)
