# ends: limit-memory limit-size
torch.einsum("i,j->ij", torch.zeros(10**6), torch.zeros(10**6))
