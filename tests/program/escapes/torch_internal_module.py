# ends: unknown-attribute
torch.tensor_module = torch.modes
