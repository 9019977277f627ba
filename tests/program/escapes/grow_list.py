# ends: limit-memory limit-steps
x = []
while True: x.append("a" * 1000 + str(len(x)))
