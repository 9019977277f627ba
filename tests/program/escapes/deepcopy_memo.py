# ends: not-reachable
import copy
class A:
    def __deepcopy__(self, memo): return memo
copy.deepcopy(A())
