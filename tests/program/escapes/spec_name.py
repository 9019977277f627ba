# ends: unknown-name
print(__spec__)
