# ends: limit-memory limit-size limit-steps limit-time
# slow
x = torch.ones(1, requires_grad=True)
y = x.expand(10**12)
y.backward(torch.ones(1).expand(10**12))
(x.grad + torch.ones(1).expand(10**12)).sum()
