# ends: not-reachable
print(len.__self__)
