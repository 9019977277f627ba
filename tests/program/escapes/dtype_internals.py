# ends: unknown-attribute
print(torch.float32.numpy)
