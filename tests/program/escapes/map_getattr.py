# ends: not-reachable
print(list(map(getattr, [()], ["__doc__x__"])))
