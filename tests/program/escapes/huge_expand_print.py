# ends: limit-memory limit-size limit-steps limit-time uncaught
# slow
x = torch.zeros(1).expand(10**6, 10**6)
print(x.sum(1)[0] + x.reshape(-1)[0])
raise ValueError
