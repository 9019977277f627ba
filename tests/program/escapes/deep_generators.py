# ends: limit-memory limit-nesting limit-steps limit-time
# alone
g = iter([1])
for i in range(10**5): g = (x for x in g)
next(g)
