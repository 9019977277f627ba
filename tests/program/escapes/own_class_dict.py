# ends: not-reachable
class A: x = 1
print(A.__dict__)
