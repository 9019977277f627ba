# ends: limit-steps
class A:
    def __lt__(self, o):
        while True: pass
sorted([A(), A()])
