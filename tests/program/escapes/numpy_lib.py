# ends: unknown-attribute
np.lib.npyio.os
