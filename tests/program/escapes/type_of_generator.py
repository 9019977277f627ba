# ends: uncaught
g = type(x for x in [])
g()
