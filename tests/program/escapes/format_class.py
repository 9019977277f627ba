# ends: not-reachable
print("{0.__class__.__base__}".format(5))
