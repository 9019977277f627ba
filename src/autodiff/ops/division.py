"""Division that rounds, and what remains of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise, common_form
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.primitive import as_operand, none, zero
from autodiff.ops.arithmetic import TRUE_DIV
from autodiff.ops.checks import not_differentiable, not_implemented, wanting


def _integers(x: Any, y: Any) -> bool:
    """Whether both are integers; raises PyTorch's error for a zero to divide by."""
    if np.result_type(x, y).kind not in "iub":
        return False
    if not np.all(y):
        raise AutodiffError("bad-value", "ZeroDivisionError", operands=(1,), help="x/y is inf where y is zero")
    return True


def _floor_divide(x: Any, y: Any) -> Any:
    _integers(x, y)
    return np.floor_divide(x, y)


def _trunc_divide(x: Any, y: Any) -> Any:
    if _integers(x, y):
        return np.floor_divide(np.subtract(x, np.fmod(x, y)), y)
    return np.trunc(np.true_divide(x, y))


def _remainder(x: Any, y: Any) -> Any:
    if _integers(x, y):
        return np.remainder(x, y)
    rest = np.fmod(x, y)  # unlike np.remainder, an exact zero keeps the sign of x
    return np.where((rest != 0) & ((np.less(y, 0)) != (rest < 0)), np.add(rest, y), rest)


def _fmod(x: Any, y: Any) -> Any:
    _integers(x, y)
    return np.fmod(x, y)


def _no_bools(kernel: str) -> Any:
    def check(x: Node, y: Node) -> None:
        dtype = common_form((x, y))[1]
        if dtype.kind == dtypes.BOOL:
            raise not_implemented(kernel, dtype, (0, 1))

    return check


def _rounded(signature: str, kernel: Any, name: str, text: str, **about: Any) -> Elementwise:
    check = _no_bools(name)
    return Elementwise(signature, kernel, computes="promote", keeps_numbers=True, check=check, text=text, **about)


FLOOR_DIVIDE = _rounded(
    "floor_divide(x, y)",
    _floor_divide,
    "div_floor_cpu",
    "x // y",
    vjp=[not_differentiable("floor_divide"), not_differentiable("floor_divide")],
    edges=wanting,
    grad_fn="NotImplemented",
    doc="The floor of x/y.",
)
DIV_FLOOR = _rounded(
    "div_floor(x, y)",
    _floor_divide,
    "div_floor_cpu",
    "div(x, y, rounding_mode='floor')",
    vjp=[zero, zero],
    grad_fn="DivBackward2",
    doc="The floor of x/y.",
)
DIV_TRUNC = _rounded(
    "div_trunc(x, y)",
    _trunc_divide,
    "div_trunc_cpu",
    "div(x, y, rounding_mode='trunc')",
    vjp=[zero, zero],
    grad_fn="DivBackward2",
    doc="x/y, rounded towards zero.",
)
REMAINDER = _rounded(
    "remainder(x, y)",
    _remainder,
    "remainder_cpu",
    "x % y",
    vjp=[lambda g, out, x, y: g, lambda g, out, x, y: -g * DIV_FLOOR(x, y)],
    grad_fn="RemainderBackward1",
    doc="What remains of x/y, with the sign of y.",
)
REMAINDER_NUMBER = _rounded(
    "remainder(x, y)",
    _remainder,
    "remainder_cpu",
    "x % y",
    vjp=[lambda g, out, x, y: g, none],
    grad_fn="RemainderBackward0",
    doc="What remains of x/y, for a plain number y.",
)
REMAINDER_OF_NUMBER = _rounded(
    "remainder(x, y)",
    _remainder,
    "remainder_cpu",
    "x % y",
    vjp=[none, not_differentiable("remainder")],
    edges=wanting,
    grad_fn="NotImplemented",
    doc="What remains of x/y, for a plain number x.",
)
FMOD = _rounded(
    "fmod(x, y)",
    _fmod,
    "fmod_cpu",
    "fmod(x, y)",
    vjp=[lambda g, out, x, y: g, lambda g, out, x, y: -g * DIV_TRUNC(x, y)],
    grad_fn="FmodBackward1",
    doc="What remains of x/y, with the sign of x.",
)
FMOD_NUMBER = _rounded(
    "fmod(x, y)",
    _fmod,
    "fmod_cpu",
    "fmod(x, y)",
    vjp=[lambda g, out, x, y: g, none],
    grad_fn="FmodBackward0",
    doc="What remains of x/y, for a plain number y.",
)


def _modulo(x: Any, y: Any) -> Node:
    x, y = as_operand(x), as_operand(y)
    chosen = REMAINDER_NUMBER if y.weak else REMAINDER_OF_NUMBER if x.weak else REMAINDER
    return chosen(x, y)  # type: ignore[no-any-return]


def _div(x: Node, y: Node, rounding_mode: str | None) -> Node:
    if rounding_mode is None:
        return TRUE_DIV(x, y)  # type: ignore[no-any-return]
    if rounding_mode not in ("floor", "trunc"):
        raise AutodiffError(
            "bad-value",
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'",
        )
    return (DIV_FLOOR if rounding_mode == "floor" else DIV_TRUNC)(x, y)  # type: ignore[no-any-return]


div = composite(
    "div(x, y, *, rounding_mode: str? = None)",
    _div,
    aliases=["divide"],
    doc="x/y, element by element; rounded to an integer if rounding_mode is 'floor' or 'trunc', with zero gradients.",
    kinks="The derivative of a rounded quotient is 0 everywhere.",
    example="div([1., 2.], 4)",
    samples=[
        "x/y; x:2,3, y:3 in 0.5..2",
        "2/x; x:2,3 in 0.5..2",
        "x/3; x:2,3",
        "div(x, y, rounding_mode='floor') + x; x:2,3 in 1.1..1.9, y:3 in 2..3",
        "div(x, y, rounding_mode='trunc') + x; x:2,3 in 1.1..1.9, y:3 in 2..3",
    ],
)
true_divide = composite(
    "true_divide(x, y)",
    TRUE_DIV,
    doc="x/y, element by element.",
    example="true_divide([1, 2], 4)",
    samples=["true_divide(x, y); x:2,3, y:3 in 0.5..2"],
)
floor_divide = composite(
    "floor_divide(x, y)",
    FLOOR_DIVIDE,
    doc="The floor of x/y. PyTorch has no derivative for it; div(x, y, rounding_mode='floor') has.",
    example="floor_divide([5., -5.], 3)",
    samples=["x*floor_divide(detach(x), 3); x:2,3 in 3.2..5.8"],
)
remainder = composite(
    "remainder(x, y)",
    _modulo,
    doc="What remains of x/y, with the sign of y: x - y*floor(x/y).",
    kinks="Where x is a multiple of y the derivatives are those of the piece to the right.",
    example="remainder([5., -5.], 3)",
    samples=[
        "x % 3; x:2,3 in 3.2..5.8",
        "x % y; x:2,3 in 3.2..5.8, y:3 in 2.95..3.05",
        "x*(2 % tensor([1.5, 0.7, 0.4])); x:2,3",
    ],
)
fmod = composite(
    "fmod(x, y)",
    lambda x, y: (FMOD_NUMBER if y.weak else FMOD)(x, y),
    doc="What remains of x/y, with the sign of x: x - y*trunc(x/y).",
    example="fmod([5., -5.], 3)",
    samples=["fmod(x, 3); x:2,3 in 3.2..5.8", "fmod(x, y); x:2,3 in 3.2..5.8, y:3 in 2.95..3.05"],
)
composite(
    "__rmod__(x, y)",
    lambda x, y: _modulo(y, x),
    doc="y % x, as Python calls it.",
    example="tensor([5., 7.]).__rmod__(3)",
)

OPERATORS.update({"//": FLOOR_DIVIDE, "%": _modulo})
