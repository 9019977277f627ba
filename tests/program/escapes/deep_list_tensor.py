# ends: uncaught limit-nesting bad-value argument-type limit-steps
x = []
for i in range(10**5): x = [x]
torch.tensor(x)
