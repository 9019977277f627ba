# ends: limit-memory limit-size
torch.outer(torch.zeros(10**6), torch.zeros(10**6))
