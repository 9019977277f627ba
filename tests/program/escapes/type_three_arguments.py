# ends: not-reachable
A = type("A", (object,), {"__getattribute__": lambda self, name: 1})
