# ends: limit-memory limit-nesting limit-steps limit-time uncaught
# slow
c = object
for i in range(10**5):
    class A(c): pass
    c = A
A().missing
