# ends: unknown-attribute uncaught
class M:
    def __getitem__(self, key): return key.__class__
print("%(x)s" % M())
