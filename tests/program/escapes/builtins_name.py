# ends: unknown-name
print(__builtins__)
