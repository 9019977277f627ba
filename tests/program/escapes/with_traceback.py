# ends: not-reachable
raise ValueError.with_traceback(ValueError(), None)
