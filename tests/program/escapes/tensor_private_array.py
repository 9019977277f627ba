# ends: unknown-attribute
print(torch.ones(1)._array.ctypes)
