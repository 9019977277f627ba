# A data set in shuffled batches, a rate that falls, and functions of functions.
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = torch.randn(20, 3), torch.randn(20, 1)
data = TensorDataset(X, y)
print(len(data), data[0][1])
loader = DataLoader(data, batch_size=8, shuffle=True)

model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
for epoch in range(4):
    for inputs, targets in loader:
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    scheduler.step()
    print(epoch, f"{loss.item():.3f}", scheduler.get_last_lr())

model[2] = nn.Linear(4, 2)
print(model)
slope = torch.func.grad(lambda x: torch.sin(x) * x)
print(slope(torch.tensor(1.0)), torch.func.hessian(lambda x: (x**3).sum())(torch.ones(2)))
print(torch.vmap(lambda a, b: a @ b)(torch.ones(2, 3), torch.ones(2, 3)))
print(torch.finfo(torch.float32).eps, torch.promote_types(torch.int64, torch.float32))
