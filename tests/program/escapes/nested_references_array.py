# ends: limit-memory limit-steps limit-time uncaught
# slow
x = [1.0]
for i in range(60): x = [x, x]
np.array(x)
