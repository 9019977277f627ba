# ends: unknown-attribute
np.ones(3).setflags(write=True)
