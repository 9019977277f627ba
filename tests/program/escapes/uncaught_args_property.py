# ends: uncaught
class E(Exception):
    args = property(lambda self: 5)
raise E()
