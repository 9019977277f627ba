# ends: not-reachable
os = __import__("os")
