# ends: unknown-attribute
np.fromfile("/etc/passwd", dtype="uint8")
