# ends: unknown-attribute
print(torch.Generator().state)
