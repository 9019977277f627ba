# ends: not-reachable
class A:
    for __getattribute__ in [lambda self, name: 1]: pass
