# ends: limit-memory limit-size
x = torch.zeros(10**6)
torch.stack([x] * 10**5)
