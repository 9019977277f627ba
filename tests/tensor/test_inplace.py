"""In-place operations, versions, and writes through views."""

from __future__ import annotations

import pytest

import autodiff.tensor as torch


def modified(shape: str, which: str, version: int) -> str:
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation:"
        f" [torch.FloatTensor {shape}]{which} is at version {version}; expected version 0 instead. Hint: enable anomaly"
        " detection to find the operation that failed to compute its gradient, with"
        " torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )


def test_leaf_and_view_of_leaf() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"^a leaf Variable that requires grad is being used in an in-place"):
        x.add_(1)
    with pytest.raises(RuntimeError, match=r"^a view of a leaf Variable that requires grad is being used"):
        x.view(2, 1).mul_(2)


def test_saved_result_was_modified() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x.sigmoid()
    y.mul_(2)
    with pytest.raises(RuntimeError) as caught:
        y.sum().backward()
    assert str(caught.value) == modified("[3]", ", which is output 0 of Sigmoid,", 1)


def test_saved_leaf_was_modified_through_detach() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    x.detach().add_(1)
    with pytest.raises(RuntimeError) as caught:
        y.backward()
    assert str(caught.value) == modified("[2]", "", 1)


def test_data_is_not_noticed() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.sigmoid()
    y.data.zero_()
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0]


def test_what_is_not_saved_may_change() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = y + 1
    y.add_(1)
    z.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2.0, 2.0]


def test_write_through_a_view() -> None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x * 1
    v = y[1:]
    v.mul_(3)
    assert repr(y) == "tensor([1., 6., 9.], grad_fn=<CopySlices>)"
    assert repr(v) == "tensor([6., 9.], grad_fn=<AsStridedBackward0>)"
    y.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [1.0, 3.0, 3.0]


def test_gradient_through_index_assignment() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    x = torch.zeros(4)
    x[1:3] = w
    x[torch.tensor([0, 3])] = w * w
    assert x.tolist() == [1.0, 1.0, 2.0, 4.0]
    x.sum().backward()
    assert w.grad is not None
    assert w.grad.tolist() == [3.0, 5.0]


def test_in_place_keeps_what_it_overwrites() -> None:
    a, b = torch.ones(2), torch.tensor([1.0, 2.0], requires_grad=True)
    a.mul_(b)
    a.mul_(b)
    a.sum().backward()
    assert b.grad is not None
    assert b.grad.tolist() == [2.0, 4.0]


def test_one_of_several_views() -> None:
    a, _ = (torch.ones(4, requires_grad=True) * 2).chunk(2)
    with pytest.raises(RuntimeError, match=r"^Output 0 of Split is a view and is being modified inplace"):
        a.add_(1)


def test_retain_grad_follows_the_tensor() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    y.sum().backward()
    assert y.grad is not None
    assert y.grad.tolist() == [1.0, 1.0, 1.0]


def test_results_must_fit() -> None:
    with pytest.raises(RuntimeError, match=r"^output with shape \[3\] doesn't match the broadcast shape \[2, 3\]$"):
        torch.zeros(3).add_(torch.ones(2, 3))
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired output type Long"):
        torch.zeros(3, dtype=torch.int64).add_(1.5)
