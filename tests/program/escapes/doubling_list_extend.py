# ends: limit-memory
x = [1]
while True: x.extend(x)
