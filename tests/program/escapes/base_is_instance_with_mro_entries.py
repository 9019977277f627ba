# ends: uncaught not-reachable
class A:
    def __mro_entries__(self, bases): return (type,)
class B(A()): pass
