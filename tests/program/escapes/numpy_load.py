# ends: unknown-attribute
np.load("/etc/passwd", allow_pickle=True)
