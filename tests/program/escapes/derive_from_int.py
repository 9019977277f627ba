# ends: uncaught
class A(int): pass
