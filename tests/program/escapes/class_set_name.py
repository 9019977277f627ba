# ends: not-reachable
class D:
    def __set_name__(self, owner, name): print(owner)
