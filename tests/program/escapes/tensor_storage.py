# ends: unknown-attribute
torch.ones(1).untyped_storage()
