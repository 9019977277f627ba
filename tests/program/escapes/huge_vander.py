# ends: limit-memory limit-size
torch.vander(torch.ones(1000), 10**10)
