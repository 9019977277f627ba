# ends: limit-memory limit-nesting limit-steps limit-time
# alone
x, y = [1], [1]
for i in range(60): x, y = [x, x], [y, y]
x == y
