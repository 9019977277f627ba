# ends: not-reachable
print(type(1).mro())
