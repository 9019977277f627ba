# ends: limit-memory limit-size uncaught
F.interpolate(torch.zeros(1, 1, 2, 2), scale_factor=10**6)
