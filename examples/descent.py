import torch

x = torch.tensor([-1.2, 1.0], requires_grad=True)
for step in range(3):
    y = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    y.backward()
    print(f"{step}: {y.item():.4f}", x.grad)
    with torch.no_grad():
        x -= 0.001 * x.grad
    x.grad.zero_()
print(x)
