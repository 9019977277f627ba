# ends: unknown-attribute
torch.load("/etc/passwd")
