# ends: limit-memory limit-size
a, b = torch.meshgrid(torch.zeros(10**6), torch.zeros(10**6))
a + b
