# ends: limit-memory limit-size
torch.zeros(10**3).tile(10**10)
