# ends: uncaught unknown-attribute not-reachable
torch.sin = lambda x: x
