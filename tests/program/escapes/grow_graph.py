# ends: limit-memory limit-steps
x = torch.ones(10000, requires_grad=True)
while True: x = x * 2
