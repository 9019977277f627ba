# ends: not-reachable
name = "_" * 2 + "globals" + "_" * 2
print(getattr(lambda: 1, name))
