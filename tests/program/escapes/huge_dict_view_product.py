# ends: limit-memory limit-steps
d = {i: 0 for i in range(10**5)}
x = []
while True: x.append(set(d.keys()))
