# ends: limit-memory limit-steps limit-time
# slow
x = []
while True: x.insert(0, [0] * 1000)
