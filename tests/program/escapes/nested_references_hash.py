# ends: limit-memory limit-nesting limit-steps limit-time
# alone
x = (1,)
for i in range(60): x = (x, x)
hash(x)
