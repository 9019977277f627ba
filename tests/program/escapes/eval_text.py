# ends: not-reachable
eval("1 + 1")
