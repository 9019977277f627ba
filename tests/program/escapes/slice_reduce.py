# ends: not-reachable
slice(1).__reduce__()
