# ends: uncaught
class A(type): pass
