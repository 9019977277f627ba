# ends: limit-memory limit-size
F.pad(torch.zeros(1), (10**12, 10**12))
