# ends: limit-memory limit-size
torch.zeros(10**3).repeat(10**10)
