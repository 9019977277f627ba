# ends: limit-steps
try:
    while True: pass
finally:
    print("escaped")
