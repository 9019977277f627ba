# ends: limit-memory limit-steps
x = (1,)
while True: x = (*x, *x)
