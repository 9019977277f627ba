# ends: uncaught
x = torch.ones(2, requires_grad=True)
x.register_hook(np.ndarray)
