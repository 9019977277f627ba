# ends: limit-memory limit-steps limit-time
# slow
def f(**k): return len(k)
d = {str(i): i for i in range(10**5)}
x = []
while True: x.append(dict(**d))
