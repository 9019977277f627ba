# ends: not-reachable
def f(): raise ValueError
try:
    f()
except ValueError as e:
    t = e.__traceback__.tb_next
