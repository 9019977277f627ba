# ends: not-reachable
class A: pass
print(A.__base__)
