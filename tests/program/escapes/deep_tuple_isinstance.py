# ends: limit-nesting limit-steps
x = ()
for i in range(10**5): x = (x,)
isinstance(1, x)
