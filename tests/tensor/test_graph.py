"""Hooks on nodes, what nodes show, views and the ways in which they may not be written to."""

from __future__ import annotations

from typing import Any

import pytest

import autodiff.tensor as torch


def test_hooks_around_a_node() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    seen: list[Any] = []
    node: Any = y.grad_fn
    node.register_prehook(lambda given: (given[0] * 3,))
    node.register_hook(lambda made, given: seen.append([t.tolist() for t in (*made, *given)]))
    y.sum().backward()
    assert seen == [[[3, 6], [3, 6], [3, 3]]]
    assert x.grad is not None
    assert x.grad.tolist() == [6, 12]


def test_hooks_must_keep_the_form() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    for hook, message in (
        (lambda g: g.sum(), "hook '<lambda>' has changed the size of value"),
        (lambda g: g.double(), "hook '<lambda>' has changed the type of value"),
    ):
        y = x * 1
        y.register_hook(hook)
        with pytest.raises(RuntimeError, match=message):
            y.sum().backward()


def test_handles_remove_their_own_hook_only() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    first = x.register_hook(lambda g: g * 2)
    first.remove()
    x.register_hook(lambda g: g * 3)
    first.remove()
    x.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [3]


def test_data_is_not_what_was_saved() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.exp()
    saved = y.tolist()
    y.data = y.data * 0
    y.sum().backward()
    assert x.grad is not None
    assert (y.tolist(), x.grad.tolist()) == ([0, 0], saved)


def test_hook_after_accumulation() -> None:
    x = torch.tensor([1.0], requires_grad=True)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.item()))
    (x * 2).backward()
    (x * 3).backward()
    assert seen == [2, 5]


def test_several_results_know_their_numbers() -> None:
    a, b = torch.ones(4, requires_grad=True).chunk(2)
    node: Any = (a + b).grad_fn
    assert [(f.name(), i) for f, i in node.next_functions] == [("SplitBackward0", 0), ("SplitBackward0", 1)]
    assert (a.output_nr, b.output_nr) == (0, 1)


def test_saved_attributes() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x**2
    node: Any = y.grad_fn
    assert node._saved_self is x
    assert node._saved_exponent == 2
    y.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        _ = node._saved_self


def test_views_made_without_grad_mode() -> None:
    y = torch.ones(4, requires_grad=True) * 1
    with torch.no_grad():
        v = y[:2]
    with pytest.raises(RuntimeError, match=r"^A view was created in no_grad mode and is being modified inplace"):
        v.add_(1)
    with torch.no_grad():
        v.add_(1)
    assert repr(v) == "tensor([2., 2.], grad_fn=<Invalid>)"


def test_views_see_writes_whatever_the_mode() -> None:
    y = torch.ones(3, requires_grad=True) * 1
    v = y[1:]
    with torch.no_grad():
        y.add_(1)
    assert v.grad_fn is not None
    assert v.grad_fn.name() == "AsStridedBackward0"


def test_transposed_in_place() -> None:
    x = torch.arange(6.0).view(2, 3).requires_grad_()
    y = x * 1
    row = y[0]
    y.t_()
    assert (y.shape, y._version, y.grad_fn.name()) == ((3, 2), 1, "TBackward1")  # type: ignore[union-attr]
    row.mul_(2)
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [[2, 2, 2], [1, 1, 1]]


def test_memory_that_overlaps() -> None:
    x = torch.ones(3)
    with pytest.raises(RuntimeError, match=r"^unsupported operation: some elements of the input tensor"):
        x[1:].add_(x[:-1])
    with pytest.raises(RuntimeError, match=r"^unsupported operation: more than one element of the written-to"):
        torch.ones(1).expand(3).add_(1)
    x.add_(x)
    assert x.tolist() == [2, 2, 2]


def test_elements_are_views() -> None:
    x = torch.zeros(3)
    first, *_ = x.unbind()
    first.fill_(7)
    x[1].add_(2)
    assert x.tolist() == [7, 2, 0]


def test_numbers_are_no_tensors() -> None:
    x = torch.ones(2)
    with pytest.raises(TypeError, match=r"^maximum\(\): argument 'other' \(position 2\) must be Tensor, not int$"):
        torch.maximum(x, 1)
    with pytest.raises(TypeError, match=r"^atan2_\(\): argument 'other' \(position 1\) must be Tensor, not int$"):
        x.atan2_(1)
    with pytest.raises(TypeError, match=r"^sin\(\): argument 'input' \(position 1\) must be Tensor, not list$"):
        torch.sin([1.0])  # type: ignore[arg-type]
    assert torch.add(1, x).tolist() == [2, 2]


def test_gradients_of_bent_functions_are_differentiable() -> None:
    x = torch.tensor([1.0, -1.0], requires_grad=True)
    (g,) = torch.autograd.grad(torch.relu(x).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    assert h.tolist() == [0, 0]


def test_results_in_one_place_for_several_backwards() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 1
    y[0] = 3
    y.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()


def test_package_stands_for_torch() -> None:
    import autodiff

    assert autodiff.tensor([1.0]).tolist() == [1.0]
    assert autodiff.nn.Linear is torch.nn.Linear
    with pytest.raises(AttributeError, match="module 'autodiff' has no attribute 'foo'"):
        _ = autodiff.foo  # type: ignore[attr-defined]
