# ends: limit-memory limit-size uncaught
x = torch.zeros(1).expand(10**6, 10**6)
x += 1
