# ends: uncaught
class A: pass
print(np.array([A(), A()]))
