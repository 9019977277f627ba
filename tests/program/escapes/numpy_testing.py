# ends: unknown-attribute
np.testing.runstring("1", {})
