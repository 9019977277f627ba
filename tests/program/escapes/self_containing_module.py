# ends: limit-nesting limit-steps limit-memory
m = nn.Sequential()
m.append(m)
m(torch.ones(1))
