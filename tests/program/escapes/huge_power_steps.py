# ends: limit-number
x = 3
while True: x = x * x
