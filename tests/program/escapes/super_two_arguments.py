# ends: not-reachable
print(super(int, True).__reduce__())
