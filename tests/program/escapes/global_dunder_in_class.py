# ends: not-reachable
class A:
    def __getattr__(self, n): return n
    x = 1
print(A().y)
