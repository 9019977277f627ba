# ends: limit-memory limit-size unknown-attribute
torch.bincount(torch.tensor([10**12]))
