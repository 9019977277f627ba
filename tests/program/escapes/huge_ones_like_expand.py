# ends: limit-memory limit-size
torch.ones_like(torch.zeros(1).expand(10**6, 10**6))
