# ends: limit-nesting limit-memory limit-steps
m = nn.Sequential()
for i in range(5000): m = nn.Sequential(m)
print(m)
