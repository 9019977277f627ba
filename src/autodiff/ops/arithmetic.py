"""Arithmetic: what the operators of the language mean, and powers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.op import CONSTANT, Elementwise, as_operand, composite, convert, elementwise, none, ops
from autodiff.ops.checks import not_implemented
from autodiff.ops.elementwise import log_of


def _check_alpha(x: Node, y: Node, alpha: Any) -> None:
    floating = x.dtype.is_floating or y.dtype.is_floating
    if not isinstance(alpha, int) and not floating:
        raise AutodiffError(
            "bad-value",
            "For integral input tensors, argument alpha must not be a floating point number.",
            operands=(2,),
        )


_INVERT = "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."


def _check_sub(x: Node, y: Node, alpha: Any = 1) -> None:
    bools = (x.dtype.kind == dtypes.BOOL) + (y.dtype.kind == dtypes.BOOL)
    if bools == 2:
        raise AutodiffError(
            "bad-dtype",
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()`"
            " operator instead.",
            operands=(0, 1),
        )
    if bools:
        raise AutodiffError(
            "bad-dtype",
            f"Subtraction, the `-` operator, with a bool tensor is not supported. {_INVERT}",
            operands=(0 if x.dtype.kind == dtypes.BOOL else 1,),
        )
    _check_alpha(x, y, alpha)


def _check_neg(x: Node) -> None:
    if x.dtype.kind == dtypes.BOOL and not x.weak:
        raise AutodiffError(
            "bad-dtype", f"Negation, the `-` operator, on a bool tensor is not supported. {_INVERT}", operands=(0,)
        )


def _tensor_first(x: Node, y: Node) -> list[Node]:
    """Python hands `2*x` to the tensor, whose operation is then x*2."""
    return [y, x] if x.weak else [x, y]


ADD = Elementwise(
    "add(x, y)",
    np.add,
    computes="promote",
    keeps_numbers=True,
    edges=_tensor_first,
    vjp=[lambda g, out, x, y: g, lambda g, out, x, y: g],
    text="x + y",
    doc="x + y.",
)
ADD_SCALED = Elementwise(
    "add_scaled(x, y, alpha: Number)",
    lambda x, y, alpha: np.add(x, np.multiply(y, alpha)),
    computes="promote",
    check=_check_alpha,
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
    check=_check_sub,
    vjp=[lambda g, out, x, y: g, lambda g, out, x, y: -g],
    text="x - y",
    doc="x - y.",
)
SUB_SCALED = Elementwise(
    "sub_scaled(x, y, alpha: Number)",
    lambda x, y, alpha: np.subtract(x, np.multiply(y, alpha)),
    computes="promote",
    check=_check_sub,
    vjp=[lambda g, out, x, y, alpha: g, lambda g, out, x, y, alpha: -g * alpha],
    grad_fn="SubBackward0",
    text="x - alpha*y",
    doc="x - alpha*y.",
)
RSUB = Elementwise(
    "rsub(x, y: Number)",
    lambda x, y: np.subtract(y, x),
    specialize=lambda y: (np.subtract, ((y,), 0)),
    computes="promote",
    vjp=[lambda g, out, x, y: -g],
    grad_fn="RsubBackward1",
    text="y - x",
    doc="y - x, for a plain number y.",
)
RSUB_SCALED = Elementwise(
    "rsub_scaled(x, y: Number, alpha: Number)",
    lambda x, y, alpha: np.subtract(y, np.multiply(x, alpha)),
    computes="promote",
    vjp=[lambda g, out, x, y, alpha: -g * alpha],
    grad_fn="RsubBackward1",
    text="y - alpha*x",
    doc="y - alpha*x, for a plain number y.",
)
RSUB_TENSOR = Elementwise(
    "rsub_tensor(x, y, alpha: Number)",
    lambda x, y, alpha: np.subtract(y, np.multiply(x, alpha)),
    computes="promote",
    vjp=[lambda g, out, x, y, alpha: -g * alpha, lambda g, out, x, y, alpha: g],
    grad_fn="RsubBackward0",
    text="y - alpha*x",
    doc="y - alpha*x.",
)
neg = elementwise(
    "neg(x)",
    np.negative,
    computes="promote",
    keeps_numbers=True,
    check=_check_neg,
    vjp=[lambda g, out, x: -g],
    aliases=["negative"],
    text="-x",
    doc="-x.",
    example="neg([1., -2.])",
    samples=["-x; x:2,3"],
)
MUL = Elementwise(
    "mul(x, y)",
    np.multiply,
    computes="promote",
    keeps_numbers=True,
    edges=_tensor_first,
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


# With a plain number on the right PyTorch's own C++ uses these, whose graph has one edge.
ADD_NUMBER = Elementwise(
    "add(x, y)",
    np.add,
    computes="promote",
    vjp=[lambda g, out, x, y: g, none],
    grad_fn="AddBackward1",
    text="x + y",
    doc="x + y, for a plain number y.",
)
MUL_NUMBER = Elementwise(
    "mul(x, y)",
    np.multiply,
    computes="promote",
    vjp=[lambda g, out, x, y: g * y, none],
    grad_fn="MulBackward1",
    text="x*y",
    doc="x*y, for a plain number y.",
)
DIV_NUMBER = Elementwise(
    "div(x, y)",
    np.true_divide,
    computes="float",
    vjp=[lambda g, out, x, y: g / y, none],
    grad_fn="DivBackward1",
    text="x/y",
    doc="x/y, for a plain number y.",
)
reciprocal = elementwise(
    "reciprocal(x)",
    np.reciprocal,
    vjp=[lambda g, out, x: -g * (out * out)],
    text="1/x",
    doc="1/x.",
    example="reciprocal([2., 4.])",
    samples=["reciprocal(x); x:2,3"],
    domain=(0.3, 2.0),
)
positive = composite(
    "positive(x)",
    lambda x: _positive(x),
    doc="x itself.",
    example="positive([1., -2.])",
    samples=["positive(x); x:2,3"],
)


def _positive(x: Node) -> Node:
    if x.dtype.kind == dtypes.BOOL:
        raise AutodiffError("bad-dtype", "The `+` operator, on a bool tensor is not supported.", operands=(0,))
    return x


# Powers are three operations in PyTorch: by a plain number, of one, and of tensors by tensors.


def _power_kernel(x: Any, exponent: Any) -> Any:
    """PyTorch's short cuts, which differ from `pow` at negative zeros and infinities as PyTorch does."""
    if exponent == 2:
        return np.multiply(x, x)
    if exponent == 3:
        return np.multiply(np.multiply(x, x), x)
    if exponent == 0.5:
        return np.sqrt(x)
    if exponent == -0.5:
        return np.reciprocal(np.sqrt(x))
    if exponent == -1:
        return np.reciprocal(x)
    if exponent == -2:
        return np.reciprocal(np.multiply(x, x))
    return np.power(x, exponent)


def _special_power(exponent: Any) -> Any:
    """A kernel that computes this power alone, with the values of `_power_kernel`."""
    kernel = {1: _itself, 2: np.square, 0.5: np.sqrt, -1: np.reciprocal}.get(exponent)
    return kernel and (kernel, (0,))


def _itself(x: Any) -> Any:
    return x


def _pow_kernel(x: Any, exponent: Any) -> Any:
    """Integers to negative integer powers, which NumPy refuses, are truncated to integers."""
    if np.result_type(x, exponent).kind not in "iu" or np.min(exponent, initial=0) >= 0:
        return np.power(x, exponent)
    sign = np.where(np.remainder(exponent, 2) == 1, -1, 1)
    inverse = np.where(np.equal(x, 1), 1, np.where(np.equal(x, -1), sign, 0))
    return np.where(np.less(exponent, 0), inverse, np.power(x, np.maximum(exponent, 0)))


def _check_pow(x: Node, exponent: Node) -> None:
    if x.dtype.kind == exponent.dtype.kind == dtypes.BOOL:
        raise not_implemented("pow", x.dtype, (0, 1))


POW_NUMBER = Elementwise(
    "pow(x, exponent: Number)",
    _power_kernel,
    specialize=_special_power,
    decompose=lambda x, n: x * x * x if n == 3 else POW_NUMBER(x, n),
    computes="promote",
    vjp=[lambda g, out, x, n: ops.zeros_like(x) if n == 0 else g * (n * pow_(x, n - 1))],
    grad_fn="PowBackward0",
    text="x^exponent",
    doc="x to the power of a plain number.",
)
POW_TENSOR = Elementwise(
    "pow_tensor(x, exponent)",
    _pow_kernel,
    computes="promote",
    keeps_numbers=True,
    check=_check_pow,
    vjp=[
        lambda g, out, x, n: ops.where(ops.eq(n, 0), ops.zeros_like(out), g * (n * POW_TENSOR(x, n - 1))),
        lambda g, out, x, n: g * ops.where(ops.eq(x, 0) & (n >= 0), ops.zeros_like(out), out * ops.log(x)),
    ],
    grad_fn="PowBackward1",
    text="x^exponent",
    doc="x to the power of exponent, element by element.",
)
POW_OF_NUMBER = Elementwise(
    "pow_of_number(exponent, x: Number)",
    lambda exponent, x: _pow_kernel(x, exponent),
    computes="promote",
    vjp=[lambda g, out, n, base: _power_of_number(g, out, n, base)],
    grad_fn="PowBackward2",
    text="x^exponent",
    doc="A plain number to the power of exponent.",
)


def _power_of_number(g: Node, out: Node, n: Node, base: Any) -> Node:
    if base == 0:
        return g * ops.where(n >= 0, ops.zeros_like(out), out * -math.inf)
    return g * (out * log_of(base))


# The operators. A plain number on the left of - and / makes another graph than one on the right, as in PyTorch.


def _value_of(x: Any) -> Any:
    """The plain number that x is known to be, else None."""
    if isinstance(x, Node):
        return x.params[0] if x.weak and x.op is CONSTANT else None
    return x


def _subtract(x: Any, y: Any) -> Node:
    known = _value_of(x)
    if known is not None and isinstance(y, Node) and not y.weak:
        _check_sub(as_operand(x), y)
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
    samples=["x + y; x:2,3, y:3", "add(x, y, alpha=2); x:2,3, y:3", "x + 2; x:2,3"],
)
sub = composite(
    "sub(x, y, *, alpha: Number = 1)",
    lambda x, y, alpha: SUB(x, y) if alpha == 1 else SUB_SCALED(x, y, alpha),
    aliases=["subtract"],
    doc="x - alpha*y.",
    example="sub([1., 2.], [3., 4.])",
    samples=["x - y; x:2,3, y:3", "sub(x, y, alpha=2); x:2,3, y:3", "1 - x; x:2,3"],
)


def _rsub(x: Node, y: Node, alpha: Any) -> Node:
    known = _value_of(y)
    _check_sub(x, y, alpha)
    if known is not None and not x.weak:
        x = with_number(x, known)
        return RSUB(x, known) if alpha == 1 else RSUB_SCALED(x, known, alpha)  # type: ignore[no-any-return]
    return RSUB_TENSOR(x, y, alpha)  # type: ignore[no-any-return]


rsub = composite(
    "rsub(x, y, *, alpha: Number = 1)",
    _rsub,
    doc="y - alpha*x.",
    example="rsub([1., 2.], 5)",
    samples=["rsub(x, y); x:2,3, y:3", "rsub(x, y, alpha=2); x:2,3, y:3", "rsub(x, 2, alpha=3); x:2,3"],
)
mul = composite(
    "mul(x, y)",
    MUL,
    aliases=["multiply"],
    doc="x*y, element by element.",
    example="mul([1., 2.], 3)",
    samples=["x*y; x:2,3, y:3", "x*2; x:2,3"],
)
pow_ = composite(
    "pow(x, exponent)",
    _power,
    doc="x to the power of exponent, element by element.",
    kinks="The derivative of x^y by y is 0 where x is 0 and y is not negative.",
    example="pow([1., 2., 3.], 2)",
    samples=["x^3; x:2,3", "x^y; x:2,3, y:3", "2^x; x:2,3", "x^-0.5; x:2,3"],
    domain=(0.3, 2.0),
)
square = composite(
    "square(x)", lambda x: _power(x, 2), doc="x^2.", example="square([1., 2., 3.])", samples=["square(x); x:2,3"]
)
float_power = composite(
    "float_power(x, exponent)",
    lambda x, exponent: _power(_double(x), _double(exponent)),
    doc="x to the power of exponent, computed in float64.",
    example="float_power([1, 2, 3], -1)",
    samples=["float_power(x, 3); x:2,3", "float_power(x, y); x:2,3, y:3", "float_power(2, x); x:2,3"],
    domain=(0.3, 2.0),
)


def _double(x: Node) -> Any:
    known = _value_of(x)
    if known is not None:
        return float(known) if isinstance(known, int) else known
    return x if x.dtype is dtypes.float64 else ops.to_copy(x, dtypes.float64)


OPERATORS.update({"+": ADD, "-": _subtract, "*": MUL, "/": _divide, "**": _power, "neg": neg, "pos": positive})
