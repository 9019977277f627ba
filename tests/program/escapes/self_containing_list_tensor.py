# ends: uncaught ragged-list bad-value limit-nesting
x = [1.0]
x.append(x)
torch.tensor(x)
