# ends: uncaught unknown-attribute
p = torch.ones(1, requires_grad=True)
o = optim.SGD([p], lr=0.1)
class A:
    grad = 5
    def _write(self, *a): print(a)
o.param_groups[0]["params"] = [A()]
o.step()
