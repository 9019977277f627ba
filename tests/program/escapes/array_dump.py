# ends: unknown-attribute
np.ones(3).dump("/tmp/x")
