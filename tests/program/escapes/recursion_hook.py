# ends: limit-nesting
x = torch.ones(1, requires_grad=True)
def f(g=None):
    with torch.enable_grad():
        y = x * 2
        y.register_hook(f)
        y.backward()
f()
