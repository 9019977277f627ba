# ends: limit-memory limit-size
torch.tril_indices(10**6, 10**6)
