# ends: limit-memory limit-size
torch.randperm(10**12)
