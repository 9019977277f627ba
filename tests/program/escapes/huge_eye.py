# ends: limit-memory limit-size
torch.eye(10**6)
