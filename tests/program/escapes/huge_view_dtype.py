# ends: limit-memory limit-size
torch.zeros(1).expand(10**12).double()
