"""Arithmetic of shapes with named sizes, and PyTorch's errors about shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autodiff.errors import AutodiffError
from autodiff.graph.sizes import (
    Size,
    broadcast,
    broadcast_all,
    concrete,
    contiguous_strides,
    divide,
    infer_view,
    is_concrete,
    normalize_dim,
    normalize_dims,
    numel,
    reduced,
    show,
)

m, n = Size.named("m"), Size.named("n")


def error(function: Callable[..., Any], *args: Any) -> AutodiffError:
    with pytest.raises(AutodiffError) as caught:
        function(*args)
    return caught.value


def test_sizes_have_one_normal_form() -> None:
    assert m + n == n + m
    assert m * (n + 1) == n * m + m
    assert hash(m + n) == hash(n + m)
    assert m + 1 != m


def test_what_is_constant_is_an_int() -> None:
    assert m - m == 0
    assert (m + 2) - m == 2
    assert isinstance(m * 0, int)
    assert 3 - (3 - m) == m


@pytest.mark.parametrize(
    ("size", "text"),
    [(m, "m"), (2 * m * n + 1, "2*m*n + 1"), (-m, "-m"), (m - n, "m - n"), (1 - m, "-m + 1"), (m * m, "m*m")],
)
def test_sizes_are_shown(size: Size, text: str) -> None:
    assert str(size) == text


def test_division_is_exact_or_none() -> None:
    assert divide(6 * m * n, 2 * m) == 3 * n
    assert divide(m * n + m, m) == n + 1
    assert divide(m + n, m + n) == 1
    assert divide(m, 2) is None
    assert divide(m, n) is None
    assert divide(6, 4) is None
    assert divide(6, 0) is None
    assert (m * n) // n == m


@pytest.mark.parametrize("compare", [lambda: m < 3, lambda: m >= n, lambda: m // 2, lambda: 4 // m])
def test_what_depends_on_the_value_says_so(compare: Callable[[], Any]) -> None:
    assert error(compare).code == "needs-value"


def test_numel_and_concrete() -> None:
    assert numel((m, 3, n)) == 3 * m * n
    assert numel(()) == 1
    assert is_concrete((2, 3))
    assert not is_concrete((2, m))
    assert concrete((2, 3)) == (2, 3)
    assert error(concrete, (2, m)).code == "needs-value"


def test_broadcasting() -> None:
    assert broadcast((2, 1), (3,)) == (2, 3)
    assert broadcast((), (2,)) == (2,)
    assert broadcast((0,), (1,)) == (0,)
    assert broadcast((m, 1), (n,)) == (m, n)
    assert broadcast_all([(2, 1, 1), (3, 1), (4,)]) == (2, 3, 4)
    assert broadcast_all([]) == ()


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ((3,), (2,), "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0"),
        ((2, 3), (2,), "The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 1"),
        ((2,), (4, 3), "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 1"),
        ((0,), (2,), "The size of tensor a (0) must match the size of tensor b (2) at non-singleton dimension 0"),
        ((m,), (n,), "The size of tensor a (m) must match the size of tensor b (n) at non-singleton dimension 0"),
    ],
)
def test_shapes_that_do_not_broadcast(a: Any, b: Any, message: str) -> None:
    found = error(broadcast, a, b)
    assert (found.code, found.message) == ("shape-mismatch", message)


def test_dims_are_counted_from_the_front() -> None:
    assert normalize_dim(-1, 3) == 2
    assert normalize_dim(0, 0) == normalize_dim(-1, 0) == 0  # a scalar has one virtual dim
    assert normalize_dims((-1, 0), 2) == (1, 0)


@pytest.mark.parametrize(
    ("dim", "rank", "message"),
    [
        (2, 2, "Dimension out of range (expected to be in range of [-2, 1], but got 2)"),
        (-3, 2, "Dimension out of range (expected to be in range of [-2, 1], but got -3)"),
        (1, 0, "Dimension out of range (expected to be in range of [-1, 0], but got 1)"),
    ],
)
def test_dims_out_of_range(dim: int, rank: int, message: str) -> None:
    found = error(normalize_dim, dim, rank)
    assert (found.type, found.code, found.message) == ("IndexError", "dim-out-of-range", message)


def test_a_dim_given_twice() -> None:
    assert error(normalize_dims, (0, -2), 2).message == "dim 0 appears multiple times in the list of dims"


def test_reduced_shapes() -> None:
    assert reduced((2, m, 4), (1,), False) == (2, 4)
    assert reduced((2, m, 4), (1,), True) == (2, 1, 4)
    assert reduced((2, 3), None, False) == ()
    assert reduced((2, 3), None, True) == (1, 1)
    assert reduced((2, 3), (), False) == (2, 3)


def test_views_infer_one_size() -> None:
    assert infer_view((2, 6), (3, -1)) == (3, 4)
    assert infer_view((m, n), (-1,)) == (m * n,)
    assert infer_view((m, n), (n, -1)) == (n, m)
    assert infer_view((2, 0), (0, 5)) == (0, 5)


@pytest.mark.parametrize(
    ("shape", "target", "message"),
    [
        ((2, 3), (4,), "shape '[4]' is invalid for input of size 6"),
        ((2, 3), (4, -1), "shape '[4, -1]' is invalid for input of size 6"),
        ((2, 3), (-1, -1), "only one dimension can be inferred"),
        ((2, 3), (-2, 3), "invalid shape dimension -2 at index 0 of shape [-2, 3]"),
        ((m, 3), (2, -1), "shape '[2, -1]' is invalid for input of size 3*m"),
        (
            (0,),
            (0, -1),
            "cannot reshape tensor of 0 elements into shape [0, -1] because the unspecified dimension size -1"
            " can be any value and is ambiguous",
        ),
    ],
)
def test_views_that_do_not_fit(shape: Any, target: Any, message: str) -> None:
    found = error(infer_view, shape, target)
    assert (found.code, found.message) == ("bad-view", message)


def test_strides_row_by_row() -> None:
    assert contiguous_strides((2, 3, 4)) == (12, 4, 1)
    assert contiguous_strides((2, 0, 4)) == (4, 4, 1)
    assert contiguous_strides((m, n)) == (n, 1)
    assert contiguous_strides(()) == ()


def test_shapes_are_shown_as_in_messages() -> None:
    assert show((2, m)) == "[2, m]"
