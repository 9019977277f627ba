# ends: not-reachable
print("{x}".format_map({"x": 1}))
