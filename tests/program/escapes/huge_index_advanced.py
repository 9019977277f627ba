# ends: limit-memory limit-size
x = torch.zeros(1000, 1000)
i = torch.zeros(10**6, dtype=torch.int64)
x[i] + 1
