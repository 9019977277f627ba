# ends: not-reachable
np.ones(3).__reduce__()
