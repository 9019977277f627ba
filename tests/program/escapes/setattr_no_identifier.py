# ends: not-reachable
class E(Exception): pass
e = E()
setattr(e, "_<help>", 5)
raise e
