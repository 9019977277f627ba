# ends: limit-memory limit-size
torch.zeros(10**6, 1) + torch.zeros(10**6)
