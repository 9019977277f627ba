# ends: limit-nesting uncaught limit-steps
x = (ValueError,)
for i in range(10**5): x = (x,)
try:
    1 / 0
except x:
    pass
