# ends: limit-memory limit-size
torch.combinations(torch.arange(10**4), 4)
