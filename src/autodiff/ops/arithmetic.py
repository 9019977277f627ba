"""Arithmetic: what the operators of the language mean, and powers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import CONSTANT, Elementwise, as_operand, composite, convert, elementwise, ops

ADD = Elementwise(
    "add(x, y)",
    np.add,
    computes="promote",
    keeps_numbers=True,
    vjp=[lambda g, out, x, y: g, lambda g, out, x, y: g],
    text="x + y",
    doc="x + y.",
)
ADD_SCALED = Elementwise(
    "add_scaled(x, y, alpha: Number)",
    lambda x, y, alpha: np.add(x, np.multiply(y, alpha)),
    computes="promote",
    vjp=[lambda g, out, x, y, alpha: g, lambda g, out, x, y, alpha: g * alpha],
    grad_fn="AddBackward0",
    text="x + alpha*y",
    doc="x + alpha*y.",
)
SUB = Elementwise(
    "sub(x, y)",
    np.subtract,
    computes="promote",
    keeps_numbers=True,
    vjp=[lambda g, out, x, y: g, lambda g, out, x, y: -g],
    text="x - y",
    doc="x - y.",
)
SUB_SCALED = Elementwise(
    "sub_scaled(x, y, alpha: Number)",
    lambda x, y, alpha: np.subtract(x, np.multiply(y, alpha)),
    computes="promote",
    vjp=[lambda g, out, x, y, alpha: g, lambda g, out, x, y, alpha: -g * alpha],
    grad_fn="SubBackward0",
    text="x - alpha*y",
    doc="x - alpha*y.",
)
RSUB = Elementwise(
    "rsub(x, y: Number)",
    lambda x, y: np.subtract(y, x),
    computes="promote",
    vjp=[lambda g, out, x, y: -g],
    grad_fn="RsubBackward1",
    text="y - x",
    doc="y - x, for a plain number y.",
)
neg = elementwise(
    "neg(x)",
    np.negative,
    computes="promote",
    keeps_numbers=True,
    vjp=[lambda g, out, x: -g],
    aliases=["negative"],
    text="-x",
    doc="-x.",
    example="neg([1., -2.])",
)
MUL = Elementwise(
    "mul(x, y)",
    np.multiply,
    computes="promote",
    keeps_numbers=True,
    vjp=[lambda g, out, x, y: g * y, lambda g, out, x, y: g * x],
    text="x*y",
    doc="x*y, element by element.",
)
TRUE_DIV = Elementwise(
    "div(x, y)",
    np.true_divide,
    computes="float",
    keeps_numbers=True,
    vjp=[lambda g, out, x, y: g / y, lambda g, out, x, y: -g * ((x / y) / y)],
    text="x/y",
    doc="x/y, element by element.",
)
reciprocal = elementwise(
    "reciprocal(x)",
    np.reciprocal,
    vjp=[lambda g, out, x: -g * (out * out)],
    text="1/x",
    doc="1/x.",
    example="reciprocal([2., 4.])",
    domain=(0.3, 2.0),
)




# Powers are three operations in PyTorch: by a plain number, of one, and of tensors by tensors.


def _power_kernel(x: Any, exponent: Any) -> Any:
    """PyTorch's short cuts, which differ from `pow` at negative zeros and infinities as PyTorch does."""
    if exponent == 2:
        return np.multiply(x, x)
    if exponent == 3:
        return np.multiply(np.multiply(x, x), x)
    if exponent == 0.5:
        return np.sqrt(x)
    if exponent == -1 and np.asarray(x).dtype.kind == "f":
        return np.reciprocal(x)
    return np.power(x, exponent)


POW_NUMBER = Elementwise(
    "pow(x, exponent: Number)",
    _power_kernel,
    computes="promote",
    vjp=[lambda g, out, x, n: ops.zeros_like(x) if n == 0 else g * (n * pow_(x, n - 1))],
    grad_fn="PowBackward0",
    text="x^exponent",
    doc="x to the power of a plain number.",
)
POW_TENSOR = Elementwise(
    "pow_tensor(x, exponent)",
    np.power,
    computes="promote",
    keeps_numbers=True,
    vjp=[
        lambda g, out, x, n: ops.where(ops.eq(n, 0), ops.zeros_like(out), g * (n * POW_TENSOR(x, n - 1))),
        lambda g, out, x, n: g * ops.where((x == 0) & (n >= 0), ops.zeros_like(out), out * ops.log(x)),
    ],
    grad_fn="PowBackward1",
    text="x^exponent",
    doc="x to the power of exponent, element by element.",
)


def _power_of_number(g: Node, out: Node, n: Node, base: Any) -> Node:
    if base == 0:
        return g * ops.where(n >= 0, ops.zeros_like(out), out * -math.inf)
    return g * (out * (math.log(base) if base > 0 else math.nan))


POW_OF_NUMBER = Elementwise(
    "pow_of_number(exponent, x: Number)",
    lambda exponent, x: np.power(x, exponent),
    computes="promote",
    vjp=[_power_of_number],
    grad_fn="PowBackward2",
    text="x^exponent",
    doc="A plain number to the power of exponent.",
)


# The operators. A plain number on the left of - and / makes another graph than one on the right, as in PyTorch.


def _value_of(x: Any) -> Any:
    """The plain number that x is known to be, else None."""
    if isinstance(x, Node):
        return x.params[0] if x.weak and x.op is CONSTANT else None
    return x


def _subtract(x: Any, y: Any) -> Node:
    known = _value_of(x)
    if known is not None and isinstance(y, Node) and not y.weak:
        return RSUB(with_number(y, known), known)  # type: ignore[no-any-return]
    return SUB(x, y)  # type: ignore[no-any-return]


def _divide(x: Any, y: Any) -> Node:
    if (not isinstance(x, Node) or x.weak) and isinstance(y, Node) and not y.weak:
        return MUL(reciprocal(y), x)  # type: ignore[no-any-return]
    return TRUE_DIV(x, y)  # type: ignore[no-any-return]


def with_number(x: Node, value: Any) -> Node:
    """x in the dtype that promotion with a plain number gives: an integer tensor next to 0.5 is floating."""
    if x.dtype.is_floating or dtypes.of_number(value).kind <= x.dtype.kind:
        return x
    return convert(x, dtypes.of_number(value))


def _power(x: Any, exponent: Any) -> Node:
    x, exponent = as_operand(x), as_operand(exponent)
    n = _value_of(exponent)
    if n is not None and not x.weak:
        if isinstance(n, int) and n < 0 and x.dtype.kind < dtypes.FLOATING:
            raise AutodiffError("bad-dtype", "Integers to negative integer powers are not allowed.")
        return POW_NUMBER(with_number(x, n), n)  # type: ignore[no-any-return]
    base = _value_of(x)
    if base is not None and not exponent.weak:
        return POW_OF_NUMBER(with_number(exponent, base), base)  # type: ignore[no-any-return]
    return POW_TENSOR(x, exponent)  # type: ignore[no-any-return]


add = composite(
    "add(x, y, *, alpha: Number = 1)",
    lambda x, y, alpha: ADD(x, y) if alpha == 1 else ADD_SCALED(x, y, alpha),
    doc="x + alpha*y.",
    example="add([1., 2.], [3., 4.], alpha=10)",
)
sub = composite(
    "sub(x, y, *, alpha: Number = 1)",
    lambda x, y, alpha: SUB(x, y) if alpha == 1 else SUB_SCALED(x, y, alpha),
    aliases=["subtract"],
    doc="x - alpha*y.",
    example="sub([1., 2.], [3., 4.])",
)
mul = composite("mul(x, y)", MUL, aliases=["multiply"], doc="x*y, element by element.", example="mul([1., 2.], 3)")
pow_ = composite(
    "pow(x, exponent)",
    _power,
    doc="x to the power of exponent, element by element.",
    example="pow([1., 2., 3.], 2)",
    domain=(0.3, 2.0),
)
square = composite("square(x)", lambda x: _power(x, 2), doc="x^2.", example="square([1., 2., 3.])")

OPERATORS.update({"+": ADD, "-": _subtract, "*": MUL, "/": _divide, "**": _power, "neg": neg})
