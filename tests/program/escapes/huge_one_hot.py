# ends: limit-memory limit-size
F.one_hot(torch.arange(3), 10**12)
