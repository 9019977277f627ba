# ends: not-reachable
compile("1", "x", "eval")
