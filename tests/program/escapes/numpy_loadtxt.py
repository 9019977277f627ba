# ends: unknown-attribute
np.loadtxt("/etc/passwd")
