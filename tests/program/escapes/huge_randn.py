# ends: limit-memory limit-size
torch.randn(10**12)
