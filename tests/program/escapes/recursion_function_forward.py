# ends: limit-nesting
class F1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return F1.apply(x)
F1.apply(torch.ones(1))
