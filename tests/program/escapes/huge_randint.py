# ends: limit-memory limit-size
torch.randint(0, 10, (10**12,))
