# ends: not-reachable
print((x for x in [1]).gi_yieldfrom)
