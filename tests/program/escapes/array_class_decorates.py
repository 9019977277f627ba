# ends: uncaught
@np.ndarray
def f(): pass
