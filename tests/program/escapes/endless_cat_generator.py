# ends: limit-memory limit-steps limit-time
# slow
def g():
    while True: yield torch.ones(1)
torch.cat(g())
