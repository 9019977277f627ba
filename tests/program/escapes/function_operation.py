# ends: uncaught not-reachable
class F1(torch.autograd.Function):
    _operation = 5
    @staticmethod
    def forward(ctx, x): return x * 2
F1.apply(torch.ones(1, requires_grad=True))
