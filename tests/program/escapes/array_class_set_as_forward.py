# ends: uncaught not-reachable
class N(nn.Module):
    pass
n = N()
n.forward = np.ndarray
print(n(1000))
