# ends: unknown-attribute uncaught limit-size
torch.set_printoptions(precision=10**9)
print(torch.ones(3))
