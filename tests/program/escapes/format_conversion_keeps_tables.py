# ends: not-reachable
print("{0.__dict__!r:>10}".format(torch))
