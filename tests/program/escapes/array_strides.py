# ends: unknown-attribute
a = np.ones(3)
a.strides = (10**6,)
