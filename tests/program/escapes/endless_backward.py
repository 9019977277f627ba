# ends: limit-steps
class F1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g):
        while True: pass
F1.apply(torch.ones(1, requires_grad=True)).backward()
