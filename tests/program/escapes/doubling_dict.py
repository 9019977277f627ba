# ends: limit-memory limit-steps
d, i = {}, 0
while True:
    d.update({k + i: 0 for k in range(1000)})
    i += 1000
