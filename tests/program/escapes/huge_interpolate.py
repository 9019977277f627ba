# ends: limit-memory limit-size
F.interpolate(torch.zeros(1, 1, 2), 10**12)
