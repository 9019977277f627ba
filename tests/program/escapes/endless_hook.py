# ends: limit-steps
x = torch.ones(1, requires_grad=True)
def h(g):
    while True: pass
x.register_hook(h)
x.sum().backward()
