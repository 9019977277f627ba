# ends: unknown-attribute
print(np.ones(3).data)
