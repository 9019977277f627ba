# ends: limit-nesting limit-steps
x, y = [], []
for i in range(10**5): x, y = [x], [y]
x < y
