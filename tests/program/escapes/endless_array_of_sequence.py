# ends: limit-steps limit-memory uncaught
class A:
    def __len__(self): return 10**9
    def __getitem__(self, i): return 1.0
np.array(A())
