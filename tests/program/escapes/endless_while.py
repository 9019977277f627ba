# ends: limit-steps
while True: pass
