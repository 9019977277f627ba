# ends: not-reachable
print(np.ones(3).ctypes.data)
