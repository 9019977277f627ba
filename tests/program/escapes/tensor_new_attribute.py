# ends: uncaught unknown-attribute
x = torch.ones(1)
x._array = 5
