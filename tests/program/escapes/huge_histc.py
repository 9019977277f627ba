# ends: limit-memory limit-size unknown-attribute
torch.histc(torch.ones(3), 10**12)
