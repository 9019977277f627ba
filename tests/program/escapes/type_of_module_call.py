# ends: uncaught
M = type(torch)
M("os", {})
