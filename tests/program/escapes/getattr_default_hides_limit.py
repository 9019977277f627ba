# ends: limit-steps
class A:
    @property
    def p(self):
        while True: pass
print(getattr(A(), "p", 5))
