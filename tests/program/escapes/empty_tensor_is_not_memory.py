# ends: uncaught
a = torch.empty(1000)
assert a.abs().sum() != 0, "no old memory to see"
