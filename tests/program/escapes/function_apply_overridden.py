# ends: unknown-attribute not-reachable
class F1(torch.autograd.Function):
    def apply(cls, x): return super().__thisclass__
F1.apply(F1, 1)
