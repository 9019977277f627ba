# ends: limit-memory limit-size
torch.zeros(10**3).repeat_interleave(10**10)
