# ends: unknown-attribute uncaught
class S:
    def write(self, text): pass
print("x", file=S())
