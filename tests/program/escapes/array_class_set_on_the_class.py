# ends: uncaught not-reachable
class N(nn.Module):
    pass
N.forward = np.ndarray
print(N()(1000))
