# ends: limit-memory limit-size
torch.linspace(0, 1, 10**12)
