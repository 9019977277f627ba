"""`torch.nn`, `torch.optim` and their neighbours: every name is there, under PyTorch's titles, also in programs."""

from __future__ import annotations

from importlib import import_module

import pytest

import autodiff.tensor as torch
from autodiff.program import kinds
from autodiff.tensor import layers
from autodiff.tensor.module import Module
from autodiff.tensor.modules import MODULES, OPTIMIZERS


@pytest.mark.parametrize("name", sorted(layers.NAMES))
def test_layers_are_where_they_are_said_to_be(name: str) -> None:
    cls = getattr(torch.nn, name)
    assert cls.__name__ == name
    assert cls.__module__.startswith("torch.nn.")
    module = kinds.find_module("torch.nn")
    assert kinds.get(module, name) is cls
    assert kinds.repr_(cls) == f"<class '{cls.__module__}.{name}'>"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_modules_find_all_their_names(name: str) -> None:
    module = MODULES[name]
    for member in dir(module):
        assert member.startswith("_") or getattr(module, member) is not None


@pytest.mark.parametrize("name", sorted(" ".join(OPTIMIZERS.values()).split()))
def test_optimizers_refuse_what_they_do_not_know(name: str) -> None:
    cls = getattr(torch.optim, name)
    assert kinds.get(kinds.find_module("torch.optim"), name) is cls
    if name != "Optimizer":
        with pytest.raises(TypeError, match="got an unexpected keyword argument 'foo'"):
            cls([torch.ones(1)], foo=1)


def test_modules_are_imported_as_pytorch_s() -> None:
    assert import_module("autodiff.nn.functional") is torch.nn.functional
    assert import_module("autodiff.optim").SGD is torch.optim.SGD
    assert import_module("autodiff.cuda").is_available() is False
    assert torch.ones(3)[range(2)].tolist() == [1.0, 1.0]
    assert str(type(torch.float32)) == "<class 'torch.dtype'>"


def test_members_of_modules_are_checked() -> None:
    class Net(Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("mean", torch.zeros(1), persistent=False)
            self.inner = torch.nn.Linear(1, 1)

    net = Net()
    assert list(net.state_dict()) == ["inner.weight", "inner.bias"]
    assert str(net.get_parameter("inner.weight").shape) == "torch.Size([1, 1])"
    with pytest.raises(KeyError, match="attribute 'inner' already exists"):
        net.register_buffer("inner", torch.zeros(1))
    with pytest.raises(TypeError, match="cannot assign 'int' object to parameter 'w'"):
        net.register_parameter("w", 1)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match=r"size mismatch for inner\.weight: copying a param with shape"):
        net.load_state_dict({"inner.weight": torch.ones(2, 1), "inner.bias": torch.ones(1)})


def test_hooks_around_a_module_see_and_change() -> None:
    seen: list[object] = []
    layer = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.ones_(layer.weight)
    layer.register_forward_pre_hook(lambda module, args: (args[0] * 2,))
    layer.register_forward_hook(lambda module, args, out: out + 1)
    handle = layer.register_full_backward_hook(lambda module, inputs, outputs: seen.append(outputs[0].tolist()))
    x = torch.ones(1, 2, requires_grad=True)
    out = layer(x)
    assert out.tolist() == [[5.0]]
    assert str(out.grad_fn).startswith("<torch.autograd.function.BackwardHookFunctionBackward")
    out.sum().backward()
    assert x.grad is not None
    assert (seen, x.grad.tolist()) == ([[[1.0]]], [[2.0, 2.0]])
    handle.remove()
    layer(x).sum().backward()
    assert len(seen) == 1


def test_directions_go_forward() -> None:
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))
        assert forward_ad.unpack_dual(dual**3).tangent.tolist() == [3.0, 120.0]
        assert forward_ad.unpack_dual(torch.ones(2)).tangent is None
    with pytest.raises(RuntimeError, match="no level exists"):
        forward_ad.make_dual(torch.ones(1), torch.ones(1))


def test_checkpoints_compute_twice() -> None:
    calls: list[int] = []

    def squared(x: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return x.sin() ** 2

    x = torch.tensor([0.5], requires_grad=True)
    MODULES["utils.checkpoint"].checkpoint(squared, x, use_reentrant=False).sum().backward()
    assert len(calls) == 2
    assert x.grad is not None
    assert x.grad.item() == pytest.approx(0.8414709848)
