# ends: unknown-attribute
np.genfromtxt("/etc/passwd")
