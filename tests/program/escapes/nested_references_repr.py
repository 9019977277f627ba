# ends: limit-memory limit-steps
x = [1]
for i in range(60): x = [x, x]
print(x)
