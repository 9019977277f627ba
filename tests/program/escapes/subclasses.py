# ends: not-reachable
print(object.__subclasses__())
