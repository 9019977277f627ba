# ends: limit-memory limit-nesting limit-steps limit-time
# slow
z = iter([1])
for i in range(10**5): z = map(abs, z)
next(z)
