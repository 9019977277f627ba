# ends: limit-memory limit-size uncaught bad-value
torch.zeros(10**6).unfold(0, 5 * 10**5, 1) + 1
