# ends: limit-memory limit-nesting limit-steps limit-time
# alone
z = iter([1])
for i in range(2 * 10**5): z = enumerate(z)
next(z)
