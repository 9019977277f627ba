# ends: not-reachable
print(object().__reduce_ex__(2))
