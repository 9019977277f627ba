# ends: unknown-attribute
print(np.ones(3).base)
