# ends: limit-steps
class A:
    @property
    def p(self):
        while True: pass
print(hasattr(A(), "p"))
