# ends: unknown-attribute
torch.hub.load("x", "y")
