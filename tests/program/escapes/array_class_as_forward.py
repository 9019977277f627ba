# ends: uncaught not-reachable
class N(nn.Module):
    forward = np.ndarray
print(N()(1000))
