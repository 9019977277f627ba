# ends: limit-memory limit-size
torch.zeros(1).expand(10**6, 10**6).numpy() + 1
