# ends: limit-memory limit-steps limit-time
# slow
class A: pass
a = A()
i = 0
while True:
    setattr(a, f"name{i}", [0] * 1000)
    i += 1
