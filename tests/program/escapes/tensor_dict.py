# ends: not-reachable
print(torch.ones(1).__dict__)
