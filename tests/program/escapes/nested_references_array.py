# ends: uncaught limit-steps limit-memory
x = [1.0]
for i in range(60): x = [x, x]
np.array(x)
