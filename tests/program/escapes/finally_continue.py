# ends: limit-steps
while True:
    try:
        while True: pass
    finally: continue
