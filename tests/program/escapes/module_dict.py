# ends: not-reachable
print(torch.__dict__)
