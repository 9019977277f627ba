# ends: limit-memory limit-size limit-steps limit-time
# slow
i = torch.zeros(1, dtype=torch.int64).expand(10**11)
torch.zeros(3).gather(0, i)
