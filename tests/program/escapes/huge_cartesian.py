# ends: limit-memory limit-size
x = torch.arange(1000)
torch.cartesian_prod(x, x, x, x)
