# ends: unknown-attribute
try:
    (1).foo
except AttributeError as e:
    print(e.obj)
