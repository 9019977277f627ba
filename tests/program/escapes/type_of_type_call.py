# ends: not-reachable uncaught
meta = type(type(1))
meta("A", (), {})
