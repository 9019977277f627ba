# ends: unknown-attribute
try:
    undefined
except NameError as e:
    print(e.obj)
