# ends: syntax
class M: pass
class A(metaclass=M): pass
