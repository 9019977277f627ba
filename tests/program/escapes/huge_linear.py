# ends: limit-memory limit-size
nn.Linear(10**6, 10**6)
