# ends: not-reachable
tools = [eval, exec]
