# ends: limit-steps
class A:
    def __eq__(self, o): return False
for x in iter(A, 1): pass
