# ends: limit-memory limit-steps
x = []
while True: x.insert(0, [0] * 1000)
