# Second derivatives: Newton's method, and physics by derivatives of an energy.
import torch
from torch.autograd.functional import hessian, jacobian


def f(x):
    return (x**4 / 4 - x**2 + x / 3).sum()


x = torch.tensor(1.4, dtype=torch.float64, requires_grad=True)
for i in range(6):
    y = f(x)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    (h,) = torch.autograd.grad(g, x)
    with torch.no_grad():
        x -= g / h
    print(f"{i}: x = {x.item():.8f}, gradient {g.item():+.2e}")


def rosenbrock(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


p = torch.tensor([-1.2, 1.0], dtype=torch.float64)
for step in range(7):
    g = jacobian(rosenbrock, p)
    H = hessian(rosenbrock, p)
    p = p - torch.linalg.solve(H, g)
print(p)


def potential(q, k=2.0):
    return 0.5 * k * q**2 + 0.1 * q**4


def force(q):
    q = q.detach().requires_grad_()
    return -torch.autograd.grad(potential(q), q)[0]


q, v, dt = torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64), 0.05
energies = []
for step in range(101):
    v = v + 0.5 * dt * force(q)
    q = q + dt * v
    v = v + 0.5 * dt * force(q)
    energies.append((potential(q) + 0.5 * v**2).item())
    if step % 25 == 0:
        print(f"t = {step * dt:4.2f}  q = {q.item():+.4f}  v = {v.item():+.4f}")
print(f"energy drifts by {max(energies) - min(energies):.5f}")

t = torch.linspace(0, 1, 5, dtype=torch.float64, requires_grad=True)
height = 20 * t - 0.5 * 9.81 * t**2
(velocity,) = torch.autograd.grad(height.sum(), t, create_graph=True)
(acceleration,) = torch.autograd.grad(velocity.sum(), t)
print(velocity, acceleration, sep="\n")
