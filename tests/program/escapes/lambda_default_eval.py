# ends: not-reachable
f = lambda e=eval: e("1")
