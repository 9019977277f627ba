# ends: not-reachable
x: int = eval("5")
