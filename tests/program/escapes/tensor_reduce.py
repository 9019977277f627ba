# ends: not-reachable
torch.ones(1).__reduce_ex__(2)
