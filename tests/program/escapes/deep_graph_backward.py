# ends: limit-nesting uncaught limit-memory limit-steps
x = torch.ones(1, requires_grad=True)
y = x
for i in range(20000): y = y * 1.0001
y.backward()
raise RuntimeError("fine")
