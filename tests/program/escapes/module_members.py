# ends: unknown-attribute
print(torch.members)
