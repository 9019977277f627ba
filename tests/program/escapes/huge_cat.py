# ends: limit-memory limit-size
x = torch.zeros(10**6)
torch.cat([x] * 10**5)
