# ends: unknown-attribute
np.memmap("/etc/passwd")
