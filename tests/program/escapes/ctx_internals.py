# ends: unknown-attribute
class F1(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        print(ctx._saved)
        return x
F1.apply(torch.ones(1, requires_grad=True))
