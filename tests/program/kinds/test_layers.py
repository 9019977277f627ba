"""`torch.nn` of programs: PyTorch's parameters from the same seed, texts, names, training."""

from __future__ import annotations

import pytest

import autodiff.tensor as torch
from autodiff.tensor import layers

# torch.manual_seed(0); torch.nn.Linear(3, 2), PyTorch 2.13
WEIGHT = [[-0.00432252, 0.30971584, -0.47518533], [-0.4248946, -0.22236897, 0.15482073]]
BIAS = [-0.01143914, 0.45777494]


class Net(layers.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = layers.Linear(3, 2)
        self.act = layers.Tanh()
        self.fc2 = layers.Linear(2, 1, bias=False)
        self.scale = layers.Parameter(torch.ones(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(self.act(self.fc1(x))) * self.scale  # type: ignore[no-any-return]


def test_parameters_begin_as_pytorchs() -> None:
    torch.manual_seed(0)
    linear = layers.Linear(3, 2)
    assert linear.weight.tolist() == [pytest.approx(row, abs=1e-7) for row in WEIGHT]
    assert linear.bias.tolist() == pytest.approx(BIAS, abs=1e-7)


def test_names_and_text_are_pytorchs() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["scale", "fc1.weight", "fc1.bias", "fc2.weight"]
    assert list(net.state_dict()) == ["scale", "fc1.weight", "fc1.bias", "fc2.weight"]
    assert repr(net) == (
        "Net(\n  (fc1): Linear(in_features=3, out_features=2, bias=True)\n  (act): Tanh()\n"
        "  (fc2): Linear(in_features=2, out_features=1, bias=False)\n)"
    )
    assert repr(layers.Softmax(dim=1)) == "Softmax(dim=1)"
    assert repr(net.scale).startswith("Parameter containing:\ntensor([1.], requires_grad=True)")


def test_a_network_learns() -> None:
    torch.manual_seed(1)
    net, x = Net(), torch.randn(20, 3)
    target, loss = x.sum(1, keepdim=True), layers.MSELoss()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    values = []
    for _ in range(30):
        optimizer.zero_grad()
        value = loss(net(x), target)
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.5 * values[0]


def test_states_are_loaded_and_refused() -> None:
    first, second = Net(), Net()
    assert str(second.load_state_dict(first.state_dict())) == "<All keys matched successfully>"
    assert second.fc1.weight.tolist() == first.fc1.weight.tolist()
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "x"'):
        second.load_state_dict({**first.state_dict(), "x": torch.ones(1)})


def test_assigning_before_init_is_pytorchs_error() -> None:
    class Early(layers.Module):
        def __init__(self) -> None:
            self.weight = layers.Parameter(torch.ones(1))

    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"):
        Early()


def test_sequential_goes_through_in_order() -> None:
    model = layers.Sequential(layers.Linear(2, 3), layers.ReLU(), layers.LogSoftmax(dim=1))
    x = torch.ones(4, 2)
    step = model[0](x).relu().log_softmax(1)
    assert model(x).tolist() == step.tolist()
    assert (len(model), len(model[:2])) == (3, 2)
    assert sum(p.numel() for p in model.parameters()) == 9
