# ends: not-reachable
globals()["x"] = 1
