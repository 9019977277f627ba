# ends: uncaught
class A(type(x for x in [])): pass
