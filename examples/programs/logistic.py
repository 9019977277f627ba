# Logistic regression, and a network of two layers, trained with SGD.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
X = torch.tensor([[0.5, 1.0], [1.5, 2.0], [3.0, 0.5], [4.0, 1.5], [2.5, 3.0], [1.0, 0.2]])
y = torch.tensor([0.0, 0.0, 1.0, 1.0, 1.0, 0.0])


class LogisticRegression(nn.Module):
    def __init__(self, n_inputs, n_outputs=1):
        super(LogisticRegression, self).__init__()
        self.linear = nn.Linear(n_inputs, n_outputs)

    def forward(self, x):
        return torch.sigmoid(self.linear(x)).squeeze(-1)


model = LogisticRegression(2)
print(model)
criterion = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
for epoch in range(101):
    optimizer.zero_grad()
    output = model(X)
    loss = criterion(output, y)
    loss.backward()
    optimizer.step()
    if epoch % 25 == 0:
        print(f"epoch {epoch:3d} loss {loss.item():.4f}")
with torch.no_grad():
    predicted = (model(X) > 0.5).float()
    print(predicted, f"accuracy {(predicted == y).float().mean():.2f}")


class TwoLayerNet(nn.Module):
    def __init__(self, D_in, H, D_out):
        super().__init__()
        self.linear1 = nn.Linear(D_in, H)
        self.linear2 = nn.Linear(H, D_out)

    def forward(self, x):
        h_relu = F.relu(self.linear1(x))
        return self.linear2(h_relu)


net = TwoLayerNet(2, 4, 2)
print(net)
print(sum(p.numel() for p in net.parameters()))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for t in range(60):
    loss = F.cross_entropy(net(X), y.long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if t % 20 == 19:
        print(t, f"{loss.item():.3f}")
print(net(X).argmax(dim=1))
for name, p in net.named_parameters():
    print(f"{name:15} {str(tuple(p.shape)):8} {p.grad is not None}")
