# ends: limit-memory limit-size
torch.diag_embed(torch.zeros(10**6))
