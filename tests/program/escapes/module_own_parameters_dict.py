# ends: not-reachable uncaught unknown-attribute
class N(nn.Module): pass
n = N()
n._parameters = {"x": 1}
