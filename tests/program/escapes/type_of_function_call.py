# ends: uncaught
F = type(lambda: 1)
F(None, {})
