# ends: limit-nesting
from torch.autograd.functional import jacobian
def f(x): return jacobian(f, x).sum()
f(torch.ones(2))
