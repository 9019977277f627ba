# ends: limit-memory limit-size
torch.arange(10**12)
