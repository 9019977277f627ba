# ends: unknown-attribute
p = torch.ones(1, requires_grad=True)
print(optim.SGD([p], lr=0.1)._apply)
