# ends: uncaught
class A(type(torch)): pass
