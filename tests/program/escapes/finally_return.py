# ends: limit-steps
def f():
    try:
        while True: pass
    finally: return 1
f()
print("escaped")
