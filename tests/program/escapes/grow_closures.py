# ends: limit-memory limit-steps limit-time
# slow
f = []
while True:
    def g(a=[0] * 1000): return a
    f.append(g)
