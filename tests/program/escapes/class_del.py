# ends: not-reachable
class A:
    def __del__(self): print("late")
