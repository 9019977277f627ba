# ends: limit-memory limit-size
torch.full((10**6, 10**6), 1.0)
