# ends: uncaught
class A(type(lambda: 1)): pass
