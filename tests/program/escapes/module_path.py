# ends: not-reachable
print(np.__path__)
