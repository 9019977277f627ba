# ends: uncaught
assert hasattr((), "__subclasses__") or hasattr(len, "__globals__"), "nothing to see"
