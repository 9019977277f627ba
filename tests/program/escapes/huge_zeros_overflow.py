# ends: limit-memory limit-size uncaught bad-value
torch.zeros(2**40, 2**40)
