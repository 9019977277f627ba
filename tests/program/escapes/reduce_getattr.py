# ends: not-reachable
from functools import reduce
print(reduce(getattr, ["__class__", "__base__", "__subclasses__"], ()))
