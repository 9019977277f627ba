"""Leaves, gradients, modes, hooks, conversions, random numbers."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff.tensor as torch


def test_gradients_accumulate_in_place() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * 2).sum().backward()
    first = x.grad
    (x * 3).sum().backward()
    assert x.grad is first
    assert first is not None
    assert first.tolist() == [5.0, 5.0]


@pytest.mark.filterwarnings("ignore:Using backward")
def test_graphs_are_differentiable_again() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward(create_graph=True)
    assert repr(x.grad) == "tensor([2., 4.], grad_fn=<CopyBackwards>)"
    assert x.grad is not None
    (h,) = torch.autograd.grad(x.grad.sum(), x)
    assert h.tolist() == [2.0, 2.0]


def test_unused_input() -> None:
    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    assert torch.autograd.grad(x.sum(), [x, y], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match="The differentiated Tensor at index 1 appears to not have been used"):
        torch.autograd.grad(x.sum(), [x, y])


def test_backward_into_inputs_only() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    (y * 3).sum().backward(inputs=[y])
    assert y.grad is not None
    assert y.grad.tolist() == [3.0, 3.0]
    assert x.grad is None


def test_modes_nest() -> None:
    x = torch.ones(2, requires_grad=True)
    seen = []
    with torch.no_grad():
        seen.append((x * 2).requires_grad)
        with torch.enable_grad():
            seen.append((x * 2).requires_grad)
    with torch.set_grad_enabled(False):
        seen.append(torch.is_grad_enabled())
    assert seen == [False, True, False]

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def inside() -> bool:
        return torch.is_grad_enabled()

    assert not inside()
    assert torch.is_grad_enabled()


def test_hooks_come_off() -> None:
    x = torch.ones(2, requires_grad=True)
    seen = []
    handle = x.register_hook(lambda g: seen.append(g.tolist()))
    x.sum().backward()
    handle.remove()
    x.sum().backward()
    assert seen == [[1.0, 1.0]]


def test_grad_fn_is_one_object() -> None:
    y = torch.ones(2, requires_grad=True) * 2
    assert y.grad_fn is y.grad_fn
    assert y.grad_fn is not None
    assert [f and f.name() for f, _ in y.grad_fn.next_functions] == ["torch::autograd::AccumulateGrad", None]


def test_numpy_is_a_read_only_copy() -> None:
    x = torch.tensor([1.0, 2.0])
    array = x.numpy()
    x.add_(1)
    assert array.tolist() == [1.0, 2.0]
    assert not array.flags.writeable
    with pytest.raises(RuntimeError, match=r"Use tensor\.detach\(\)\.numpy\(\) instead"):
        x.requires_grad_().numpy()


def test_errors_are_python_s() -> None:
    with pytest.raises(IndexError, match="index 5 is out of bounds for dimension 0 with size 3") as caught:
        torch.ones(3)[5]
    assert type(caught.value.__cause__).__name__ == "AutodiffError"
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'foo'"):
        _ = torch.ones(3).foo  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="expected sequence of length 2 at dim 1"):
        torch.tensor([[1, 2], [3]])


def test_scalars_convert() -> None:
    x = torch.tensor([1.5])
    assert (float(x), int(x), bool(x), f"{x[0]:.2f}") == (1.5, 1, True, "1.50")
    assert np.asarray(x).tolist() == [1.5]


def test_several_results_have_names() -> None:
    found = torch.tensor([[3.0, 1.0]]).max(1)
    assert repr(found) == "torch.return_types.max(\nvalues=tensor([3.]),\nindices=tensor([0]))"
    assert found.values.tolist() == [3.0]


def test_random_streams_are_pytorch_s() -> None:
    torch.manual_seed(0)
    assert str(torch.rand(3)) == "tensor([0.4963, 0.7682, 0.0885])"
    torch.manual_seed(0)
    assert str(torch.randn(3)) == "tensor([ 1.5410, -0.2934, -2.1788])"
    torch.manual_seed(0)
    assert torch.randperm(5).tolist() == [4, 0, 1, 3, 2]


def test_optimizer_steps() -> None:
    x = torch.ones(2, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.5)
    (x * x).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert x.tolist() == [0.0, 0.0]
    assert x.grad is None
