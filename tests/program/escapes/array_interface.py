# ends: not-reachable
print(np.ones(3).__array_interface__["data"])
