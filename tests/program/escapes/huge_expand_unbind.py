# ends: limit-memory limit-size limit-steps
torch.zeros(1).expand(10**9).unbind()
