# ends: limit-memory limit-size
torch.kron(torch.zeros(10**3, 10**3), torch.zeros(10**3, 10**3))
