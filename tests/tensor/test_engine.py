"""The order and the reach of backward, as PyTorch 2.13 has them."""

from __future__ import annotations

from typing import Any

import pytest

import autodiff.tensor as torch


class Nothing(torch.autograd.Function):  # type: ignore[misc]
    """Passes no gradient on."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return None


def test_missing_gradients_go_on_to_hooks_and_free_buffers() -> None:
    seen: list[Any] = []
    x: Any = torch.ones(2, requires_grad=True)
    x.register_hook(lambda g: seen.append(("leaf", g)))
    y = x.exp()
    y.register_hook(lambda g: seen.append(("y", g)))
    z: Any = Nothing.apply(y)
    z.sum().backward()
    assert seen == [("y", None), ("leaf", None)]
    assert x.grad is None
    with pytest.raises(RuntimeError, match="second time"):
        z.sum().backward()


def test_leaves_are_served_as_soon_as_nothing_more_can_come() -> None:
    seen: list[str] = []
    a: Any = torch.ones(2, requires_grad=True)
    x: Any = torch.ones(2, requires_grad=True)
    a.register_hook(lambda g: seen.append("a"))
    y = x * 2
    y.register_hook(lambda g: seen.append("y"))
    (y + a).sum().backward()
    assert seen == ["a", "y"]


def test_leaves_are_served_before_something_fails() -> None:
    x: Any = torch.ones(2, requires_grad=True)
    w: Any = torch.tensor([3.0, 4.0], requires_grad=True)
    y = x.exp()
    z = y + w
    y.detach().mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [1.0, 1.0]


def test_grad_gives_what_hooks_made_only_where_it_ends() -> None:
    x: Any = torch.ones(2, requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: g * 2)
    assert torch.autograd.grad(y.sum(), [y, x], retain_graph=True)[0].tolist() == [1.0, 1.0]
    assert torch.autograd.grad(y.sum(), y, retain_graph=True)[0].tolist() == [2.0, 2.0]


def test_writing_through_a_view_leaves_its_own_history_alone() -> None:
    seen: list[str] = []
    x: Any = torch.ones(4, requires_grad=True)
    y = x * 2
    v = y.view(2, 2)
    v.grad_fn.register_prehook(lambda g: seen.append("view"))
    v[0] = 5.0
    y.sum().backward()
    assert seen == []
    assert x.grad.tolist() == [0.0, 0.0, 2.0, 2.0]


def test_hooks_stay_with_the_form_that_they_were_made_for() -> None:
    shapes: list[Any] = []
    x: Any = torch.ones(2, 3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: shapes.append(tuple(g.shape)))
    y.t_()
    y.sum().backward()
    assert shapes == [(2, 3)]
    assert tuple(y.grad.shape) == (2, 3)


def test_all_that_was_saved_is_looked_at_whatever_is_wanted() -> None:
    x: Any = torch.ones(2, requires_grad=True)
    w: Any = torch.ones(2, requires_grad=True)
    y = x.clone()
    z = y * w
    y.detach().mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(z.sum(), x)


def test_elementwise_results_lie_as_their_operands_do() -> None:
    x = torch.ones(2, 3).mT
    assert x.expand(2, 3, 2).exp().stride() == (6, 1, 3)
    assert (x.expand(2, 3, 2) * torch.ones(2)).stride() == (6, 1, 3)
    assert torch.zeros_like(x * 2).stride() == (1, 3)
