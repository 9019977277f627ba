"""`torch.nn`, `torch.optim`, `torch.utils.data`, `torch.func`: against PyTorch's answers, written down."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import autodiff.tensor as torch

nn = torch.nn


def test_layers_start_from_the_stream() -> None:
    torch.manual_seed(1)
    conv, table, linear = nn.Conv2d(1, 2, 3), nn.Embedding(4, 3), nn.Linear(2, 3)
    assert conv.weight.flatten()[:3].tolist() == [0.1717544049024582, -0.14712607860565186, -0.0646204948425293]
    assert conv.bias[0].item() == 0.29138892889022827
    assert table.weight[0, 0].item() == pytest.approx(-0.8922905325889587, rel=1e-6)
    assert linear.weight[0].tolist() == [-0.3725161850452423, 0.3634633719921112]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"),
        (nn.Conv2d(1, 2, (3, 2), padding="same", bias=False),
         "Conv2d(1, 2, kernel_size=(3, 2), stride=(1, 1), padding=same, bias=False)"),
        (nn.BatchNorm1d(3),
         "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"),
        (nn.ReLU(inplace=True), "ReLU(inplace=True)"),
        (nn.Dropout(0.3), "Dropout(p=0.3, inplace=False)"),
        (nn.ModuleDict({"a": nn.ReLU()}), "ModuleDict(\n  (a): ReLU()\n)"),
    ],
)  # fmt: skip
def test_texts(layer: Any, text: str) -> None:
    assert repr(layer) == text


def test_batch_norm_follows_the_batches() -> None:
    layer = nn.BatchNorm1d(2)
    layer(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    assert layer.running_mean.tolist() == pytest.approx([0.2, 0.4])
    assert layer.running_var.tolist() == pytest.approx([1.1, 1.7])
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    assert layer(torch.tensor([[0.2, 0.4]])).tolist() == [[0.0, 0.0]]


def test_dropout_draws_pytorch_s_numbers() -> None:
    torch.manual_seed(0)
    assert nn.Dropout(0.5)(torch.ones(10)).tolist() == [0, 0, 2, 0, 0, 0, 2, 2, 0, 2]
    assert nn.Dropout(0.5).eval()(torch.ones(2)).tolist() == [1, 1]


def test_distributions() -> None:
    torch.manual_seed(0)
    assert torch.bernoulli(torch.full((5,), 0.5)).tolist() == [1, 0, 1, 1, 1]
    torch.manual_seed(0)
    assert torch.multinomial(torch.tensor([1.0, 2.0, 3.0]), 5, replacement=True).tolist() == [2, 2, 1, 2, 2]
    torch.manual_seed(0)
    assert torch.multinomial(torch.tensor([1.0, 2.0, 3.0]), 2).tolist() == [2, 1]
    torch.manual_seed(0)
    assert str(torch.ones(3).exponential_()) == "tensor([3.5083, 1.2304, 0.6150])"
    torch.manual_seed(0)
    assert torch.zeros(4).random_(0, 10).tolist() == [4, 9, 3, 0]


def test_data_comes_in_pytorch_s_order() -> None:
    data = torch.utils.data
    dataset = data.TensorDataset(torch.arange(6.0), torch.arange(6) * 10)
    torch.manual_seed(0)
    loader = data.DataLoader(dataset, batch_size=4, shuffle=True)
    epochs = [[batch[0].tolist() for batch in loader] for _ in range(2)]
    assert epochs == [[[0, 4, 3, 5], [2, 1]], [[2, 3, 1, 5], [4, 0]]]
    torch.manual_seed(0)
    first, second = data.random_split(dataset, [4, 2])
    assert (first.indices, len(second)) == ([2, 5, 3, 0], 2)


@pytest.mark.parametrize(
    ("make", "rates"),
    [
        (lambda lr, o: lr.StepLR(o, 2, 0.5), [1, 1, 0.5, 0.5, 0.25]),
        (lambda lr, o: lr.ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
        (lambda lr, o: lr.LambdaLR(o, lambda epoch: 1 / (epoch + 1)), [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]),
        (lambda lr, o: lr.CosineAnnealingLR(o, 2), [1, 0.5, 0, 0.5, 1]),
        (lambda lr, o: lr.LinearLR(o, 0.5, total_iters=2), [0.5, 0.75, 1, 1, 1]),
    ],
)
def test_schedules(make: Any, rates: list[float]) -> None:
    weight = torch.ones(1, requires_grad=True)
    weight.grad = torch.zeros(1)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    seen = [scheduler.get_last_lr()[0]]
    for _ in range(4):
        optimizer.step()
        scheduler.step()
        seen.append(scheduler.get_last_lr()[0])
    assert seen == pytest.approx(rates)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda o, p: o.AdamW(p, lr=0.1), [0.6989, -1.6949]),
        (lambda o, p: o.RMSprop(p, lr=0.1), [0.0000, -0.3097]),
        (lambda o, p: o.Adagrad(p, lr=0.1), [0.7805, -1.7758]),
    ],
)
def test_optimizers(make: Any, expected: list[float]) -> None:
    weight = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = make(torch.optim, [weight])
    for _ in range(3):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()
    assert weight.tolist() == pytest.approx(expected, abs=1e-4)


def test_functions_of_functions() -> None:
    func, x = torch.func, torch.tensor([1.0, 2.0])
    assert func.grad(lambda v: (v**3).sum())(x).tolist() == [3, 12]
    assert func.grad(func.grad(lambda v: v**4))(torch.tensor(2.0)).item() == 48
    assert func.jacrev(lambda v: v**2)(x).tolist() == [[2, 0], [0, 4]]
    assert func.hessian(lambda v: (v**3).sum())(x).tolist() == [[6, 0], [0, 12]]
    assert func.vmap(torch.dot)(torch.ones(2, 3), torch.ones(2, 3)).tolist() == [3, 3]
    value, pull = func.vjp(lambda v: v**2, x)
    assert (value.tolist(), pull(x)[0].tolist()) == ([1, 4], [2, 8])
    layer = nn.Linear(2, 1)
    assert func.functional_call(layer, {"weight": torch.ones(1, 2), "bias": torch.zeros(1)}, (x,)).tolist() == [3]
    with pytest.raises(RuntimeError, match="Expected f\\(\\*args\\) to return a scalar Tensor"):
        func.grad(lambda v: v)(x)


def test_gradcheck() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: v**2, x)
    assert torch.autograd.gradgradcheck(lambda v: v**3, x)
    with pytest.raises(RuntimeError, match="Jacobian mismatch for output 0 with respect to input 0"):
        torch.autograd.gradcheck(lambda v: v.detach() * v, x)


def test_printing_options() -> None:
    try:
        torch.set_printoptions(precision=2)
        assert repr(torch.tensor([1.23456])) == "tensor([1.23])"
    finally:
        torch.set_printoptions(profile="default")
    assert repr(torch.tensor([1.23456])) == "tensor([1.2346])"


def test_memory_that_nobody_has() -> None:
    for make in (torch.zeros, torch.rand, torch.randn):
        with pytest.raises(RuntimeError, match="can't allocate memory: you tried to allocate 4000000000000 bytes"):
            make(10**6, 10**6)


def test_modules_copy() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    twin = copy.deepcopy(network)
    assert twin[0].weight is not network[0].weight
    assert torch.equal(twin[0].weight, network[0].weight)
