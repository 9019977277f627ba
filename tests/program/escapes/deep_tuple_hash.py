# ends: limit-memory limit-nesting limit-steps limit-time
# alone
x = ()
for i in range(10**5): x = (x,)
hash(x)
