# ends: unknown-attribute
x = torch.ones(1, requires_grad=True)
print(x.register_hook(lambda g: g).hooks)
