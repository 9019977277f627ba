"""How arguments find their parameters, and PyTorch's words for those that do not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.graph.primitive import constant
from autodiff.graph.signature import Signature
from autodiff.solve import Leaf, Problem, solve

x = constant(np.ones((2, 3)))


def bound(signature: str, *args: Any, **kwargs: Any) -> list[Any]:
    return Signature(signature).bind(list(args), kwargs)


def error(signature: str, *args: Any, method: bool = False, **kwargs: Any) -> AutodiffError:
    with pytest.raises(AutodiffError) as caught:
        Signature(signature).bind(list(args), kwargs, method)
    return caught.value


SUM = "sum(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)"


def test_by_place_by_name_and_by_default() -> None:
    assert bound(SUM, x) == [x, None, False, None]
    assert bound(SUM, x, 1, True) == [x, (1,), True, None]
    assert bound(SUM, x, keepdim=True, dim=[0, 1]) == [x, (0, 1), True, None]


@pytest.mark.parametrize(
    ("name", "value"), [("input", "x"), ("self", "x"), ("x", "x"), ("axis", "dim"), ("keepdims", "keepdim")]
)
def test_other_spellings(name: str, value: str) -> None:
    names = [p.name for p in Signature(SUM).params]
    given = {"x": x, "dim": 1, "keepdim": True}[value]
    rest = {} if value == "x" else {"x": x}
    assert bound(SUM, **rest, **{name: given})[names.index(value)] in (given, (given,))


def test_sizes_in_a_list_or_one_after_another() -> None:
    assert bound("view(x, size: sizes)", x, 2, 3) == [x, (2, 3)]
    assert bound("view(x, size: sizes)", x, [2, 3]) == [x, (2, 3)]
    assert bound("view(x, size: sizes)", x, 6) == [x, (6,)]


def test_shown_is_what_python_would_show() -> None:
    assert Signature(SUM).shown == "sum(x, dim=None, keepdim=False, *, dtype=None)"


@pytest.mark.parametrize(
    ("signature", "args", "kwargs", "message"),
    [
        (SUM, (x, None, 3), {}, "sum(): argument 'keepdim' (position 3) must be bool, not int"),
        (SUM, (x,), {"keepdim": 3}, "sum(): argument 'keepdim' must be bool, not int"),
        (SUM, ("a",), {}, "sum(): argument 'input' (position 1) must be Tensor, not str"),
        (SUM, (), {}, 'sum() missing 1 required positional arguments: "input"'),
        (SUM, (x, 0, True, 1), {}, "sum() takes from 1 to 3 positional arguments but 4 were given"),
        (SUM, (x,), {"dmi": 0}, "sum() got an unexpected keyword argument 'dmi'"),
        (SUM, (x,), {"x": x}, "sum() got multiple values for argument 'x'"),
        (
            "F.softplus(x, beta: Number = 1)",
            (x, "a"),
            {},
            "softplus(): argument 'beta' (position 2) must be Number, not str",
        ),
        ("cumsum(x, dim: dim)", (x, 1.5), {}, "cumsum(): argument 'dim' (position 2) must be int, not float"),
        (
            "cumsum(x, dim: dim)",
            (x, Fraction(1, 2)),
            {},
            "cumsum(): argument 'dim' (position 2) must be int, not float",
        ),
        ("cumsum(x, dim: dim)", (x, x), {}, "cumsum(): argument 'dim' (position 2) must be int, not Tensor"),
        ("cumsum(x, dim: dim)", (x, True), {}, "cumsum(): argument 'dim' (position 2) must be int, not bool"),
        ("linalg.inv(A)", (), {}, 'linalg_inv() missing 1 required positional arguments: "A"'),
        ("linalg.inv(A)", ("a",), {}, "linalg_inv(): argument 'A' (position 1) must be Tensor, not str"),
        ("cat(tensors: Tensors)", ([x, "a"],), {}, "expected Tensor as element 1 in argument 0, but got str"),
        ("cat(tensors: Tensors)", ([None],), {}, "expected Tensor as element 0 in argument 0, but got NoneType"),
        ("cat(tensors: Tensors)", (2,), {}, "cat(): argument 'tensors' (position 1) must be tuple of Tensors, not int"),
        (
            "amax(x, dim: dims = ())",
            (x, ["a"]),
            {},
            "amax(): argument 'dim' (position 2) must be tuple of ints, but found element of type str at pos 0",
        ),
        (
            "amax(x, dim: dims = ())",
            (x, [0, "a"]),
            {},
            "amax(): argument 'dim' failed to unpack the object at pos 2 with error"
            ' "type must be tuple of ints,but got str"',
        ),
        (
            "view(x, size: sizes)",
            (x, 2, 1.5),
            {},
            "view(): argument 'size' failed to unpack the object at pos 2 with error"
            ' "type must be tuple of ints,but got float"',
        ),
    ],
)
def test_pytorchs_words(signature: str, args: Any, kwargs: Any, message: str) -> None:
    found = error(signature, *args, **kwargs)
    assert found.message == message
    assert found.type == "TypeError"


def test_the_receiver_of_a_method_is_not_counted() -> None:
    found = error("cumsum(x, dim: dim)", x, "a", method=True)
    assert found.message == "cumsum(): argument 'dim' (position 1) must be int, not str"
    assert found.operands == (1,)
    assert error("exp(x)", x, x, method=True).message == "TensorBase.exp() takes no arguments (1 given)"


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("x.cumsum('a')", "cumsum(): argument 'dim' (position 1) must be int, not str"),
        ("cumsum(x, 'a')", "cumsum(): argument 'dim' (position 2) must be int, not str"),
        ("x.cumsum(x.sum())", "cumsum(): argument 'dim' (position 1) must be int, not Tensor"),
        ("linalg.solve(x)", 'linalg_solve() missing 1 required positional arguments: "B"'),
        ("stack([x, 'a'])", "expected Tensor as element 1 in argument 0, but got str"),
    ],
)
def test_in_expressions(expr: str, message: str) -> None:
    found = solve(Problem(expr, {"x": Leaf(np.ones((2, 2)))})).error
    assert found is not None
    assert found.message == message
