# ends: limit-nesting
class F1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g):
        with torch.enable_grad():
            y = F1.apply(torch.ones(1, requires_grad=True))
            y.backward()
        return g
F1.apply(torch.ones(1, requires_grad=True)).backward()
