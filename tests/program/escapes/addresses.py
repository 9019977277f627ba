# ends: uncaught
a, b = object(), object()
assert abs(id(a) - id(b)) > 10**6, "numbers, not addresses"
