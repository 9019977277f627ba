# ends: limit-memory uncaught
class A:
    n = 0
    def __index__(self):
        A.n += 1
        return 1 if A.n < 2 else 10**13
np.zeros(A())
raise ValueError
