# ends: not-reachable
class E(Exception): pass
e = E()
setattr(e, "_<places>", 5)
raise e
