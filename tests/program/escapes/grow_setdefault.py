# ends: limit-memory limit-steps
d = {}
while True: d.setdefault(len(d), [0] * 1000)
