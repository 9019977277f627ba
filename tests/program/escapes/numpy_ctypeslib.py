# ends: unknown-attribute
np.ctypeslib.load_library("c", "/")
