# ends: limit-nesting
class A:
    def __init__(self): A()
A()
