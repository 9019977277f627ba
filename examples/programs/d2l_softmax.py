# "Dive into Deep Learning": the pieces of softmax regression, on points in a plane.
import torch
from torch import nn


def softmax(X):
    X_exp = torch.exp(X)
    partition = X_exp.sum(1, keepdim=True)
    return X_exp / partition


X = torch.tensor([[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]])
X_prob = softmax(X)
print(X_prob, torch.allclose(X_prob.sum(1), torch.ones(2)))

y = torch.tensor([0, 2])
y_hat = torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]])
print(y_hat[[0, 1], y])


def cross_entropy(y_hat, y):
    return -torch.log(y_hat[range(len(y_hat)), y])


print(cross_entropy(y_hat, y))


def accuracy(y_hat, y):
    if len(y_hat.shape) > 1 and y_hat.shape[1] > 1:
        y_hat = y_hat.argmax(axis=1)
    cmp = y_hat.type(y.dtype) == y
    return float(cmp.type(y.dtype).sum())


print(accuracy(y_hat, y) / len(y))


class Accumulator:
    """For accumulating sums over n variables."""

    def __init__(self, n):
        self.data = [0.0] * n

    def add(self, *args):
        self.data = [a + float(b) for a, b in zip(self.data, args)]

    def reset(self):
        self.data = [0.0] * len(self.data)

    def __getitem__(self, idx):
        return self.data[idx]


metric = Accumulator(2)
metric.add(accuracy(y_hat, y), y.numel())
print(metric[0] / metric[1])

angles = torch.arange(60) * 0.7
points = torch.stack([angles.cos() * (1 + angles / 40), angles.sin() * (1 + angles / 40)], 1)
labels = (points[:, 0] > 0).long() + (points[:, 1] > 0).long()
W = torch.zeros(2, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
for epoch in range(20):
    l = cross_entropy(softmax(points @ W + b), labels).mean()
    l.backward()
    with torch.no_grad():
        for p in (W, b):
            p -= 0.5 * p.grad
            p.grad.zero_()
    if epoch % 5 == 0:
        print(f"epoch {epoch}, loss {l.item():.4f}")
check = nn.CrossEntropyLoss()(points @ W + b, labels)
print(f"{check.item():.4f}", accuracy(points @ W + b, labels))
