# ends: uncaught
a = np.empty(1000)
assert a.sum() != 0, "no old memory to see"
