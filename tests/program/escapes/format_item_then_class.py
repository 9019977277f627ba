# ends: not-reachable
print("{0[0].__init__.__globals__}".format([1]))
