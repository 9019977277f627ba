# ends: unknown-attribute
np.ones(3).tofile("/tmp/x")
