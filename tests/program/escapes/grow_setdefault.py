# ends: limit-memory limit-steps limit-time
# slow
d = {}
while True: d.setdefault(len(d), [0] * 1000)
