# Snippets of PyTorch's notes "Autograd mechanics".
import torch

x = torch.randn(5, requires_grad=True)
y = x.pow(2)
print(x.equal(y.grad_fn._saved_self))
print(x is y.grad_fn._saved_self)

x = torch.randn(5, requires_grad=True)
y = x.exp()
print(y.equal(y.grad_fn._saved_result))

x = torch.tensor([1.0, 2.0], requires_grad=True)
with torch.no_grad():
    y = x * 2
print(y.requires_grad)


@torch.no_grad()
def doubler(x):
    return x * 2


print(doubler(x).requires_grad)


@torch.enable_grad()
def tripler(x):
    return x * 3


with torch.no_grad():
    print(tripler(x).requires_grad)
torch.set_grad_enabled(False)
print((x * 2).requires_grad, torch.is_grad_enabled())
torch.set_grad_enabled(True)

a = torch.ones(2, requires_grad=True)
try:
    a += 1
except RuntimeError as error:
    print("RuntimeError:", error)
b = a.clone()
b.mul_(3)
b.sum().backward()
print(a.grad, b.grad_fn.name())

c = torch.tensor([1.0, 2.0], requires_grad=True)
d = c.exp()
d.add_(1)
try:
    d.sum().backward()
except RuntimeError as error:
    print(str(error).split(":")[0])


class Exp(torch.autograd.Function):
    @staticmethod
    def forward(ctx, i):
        result = i.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad_output):
        (result,) = ctx.saved_tensors
        return grad_output * result


output = Exp.apply(c)
output.sum().backward()
print(c.grad)
print(output)
seen = []
h = c.register_hook(lambda grad: seen.append(grad.clone()))
(c * c).sum().backward()
h.remove()
(c * c).sum().backward()
print(len(seen), seen[0], c.grad)
