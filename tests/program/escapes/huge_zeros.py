# ends: limit-memory limit-size
torch.zeros(10**6, 10**6)
