# ends: limit-memory limit-size limit-steps
for row in torch.zeros(1).expand(10**9, 1): pass
