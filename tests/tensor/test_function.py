"""`autograd.Function`."""

from __future__ import annotations

from typing import Any

import pytest

import autodiff.tensor as torch
from autodiff.tensor.engine import FREED
from autodiff.tensor.function import Function


class Cube(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


class Both(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y, x + y

    @staticmethod
    def backward(ctx: Any, g: Any, h: Any) -> Any:
        _, y = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return g * y + h, None


def test_twice_differentiable() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    (g,) = torch.autograd.grad(Cube.apply(x), x, create_graph=True)
    g.backward()
    assert (g.item(), x.grad.item()) == (12.0, 12.0)  # type: ignore[union-attr]


def test_saved_tensors_are_freed_and_watched() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = Cube.apply(x)
    y.backward()
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    assert str(caught.value) == FREED
    y = Cube.apply(x)
    with torch.no_grad():
        x.add_(1)
    with pytest.raises(RuntimeError, match="is at version 1; expected version 0 instead"):
        y.backward()


def test_several_results() -> None:
    x, y = torch.tensor(2.0, requires_grad=True), torch.tensor(5.0)
    product, total = Both.apply(x, y)
    (product + total).backward()
    assert x.grad is not None
    assert x.grad.item() == 6.0


def test_wrong_number_of_gradients() -> None:
    class Bad(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    x = torch.tensor(2.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="returned an incorrect number of gradients"):
        Bad.apply(x, x).backward()
