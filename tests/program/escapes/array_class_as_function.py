# ends: uncaught not-reachable
class F1(torch.autograd.Function):
    forward = staticmethod(np.ndarray)
    def setup_context(ctx, inputs, output): pass
print(F1.apply(1000))
