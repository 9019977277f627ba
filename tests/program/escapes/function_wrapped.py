# ends: not-reachable
@torch.no_grad()
def f(): pass
f.__wrapped__.__globals__
