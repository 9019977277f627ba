# ends: unknown-attribute
np.core.multiarray
