# ends: not-reachable
Exception.__new__(Exception)
