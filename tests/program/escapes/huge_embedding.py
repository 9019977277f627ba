# ends: limit-memory limit-size unknown-attribute
nn.Embedding(10**9, 10**3)
