# ends: argument-type bad-value limit-memory limit-nesting limit-size limit-steps limit-time ragged-list uncaught
# slow
x = [1.0]
for i in range(60): x = [x, x]
torch.tensor(x)
