# ends: not-reachable
print("".__class__.__mro__)
