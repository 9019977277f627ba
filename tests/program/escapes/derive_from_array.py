# ends: uncaught
class A(np.ndarray): pass
