# ends: limit-steps limit-memory
class A:
    def __len__(self): return 10**12
    def __getitem__(self, i): return i
list(reversed(A()))
