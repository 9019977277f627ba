# ends: not-reachable
def outer():
    secret = 5
    return lambda: secret
print(outer().__closure__[0].cell_contents)
