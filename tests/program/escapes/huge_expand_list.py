# ends: limit-memory limit-size limit-steps limit-time
# slow
torch.zeros(1).expand(10**6, 10**6).tolist()
