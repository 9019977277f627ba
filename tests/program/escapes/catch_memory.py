# ends: limit-memory
try:
    x = [0] * 10**12
except MemoryError:
    print("caught")
except BaseException:
    print("caught")
