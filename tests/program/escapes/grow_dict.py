# ends: limit-memory limit-steps
d = {}
while True: d[len(d)] = [0] * 1000
