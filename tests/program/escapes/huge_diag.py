# ends: limit-memory limit-size
torch.diag(torch.zeros(10**6))
