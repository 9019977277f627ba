# ends: uncaught
a = np.empty_like(np.zeros(100000))
assert (a != 0).any(), "no old memory to see"
