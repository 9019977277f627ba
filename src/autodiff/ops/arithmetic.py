"""Arithmetic: what the operators + - * / of the language mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.elementwise import Elementwise, common_form, elementwise
from autodiff.graph.node import OPERATORS, Node
from autodiff.graph.primitive import CONSTANT, as_operand, convert, none, strengthen
from autodiff.graph.sizes import broadcast, is_concrete
from autodiff.ops.checks import plain_as


def _check_alpha(x: Node, y: Node, alpha: Any) -> None:
    floating = x.dtype.is_floating or y.dtype.is_floating
    if isinstance(alpha, bool) and (x.dtype.kind, y.dtype.kind) != (dtypes.BOOL, dtypes.BOOL):
        raise AutodiffError("bad-value", "Boolean alpha only supported for Boolean results.", operands=(2,))
    if not isinstance(alpha, int) and not floating:
        raise AutodiffError(
            "bad-value",
            "For integral input tensors, argument alpha must not be a floating point number.",
            operands=(2,),
        )
    if not floating:
        plain_as(alpha, dtypes.int64)


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
    if x.dtype.kind == dtypes.BOOL:
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
SUB_NUMBER = Elementwise(
    "sub(x, y)",
    np.subtract,
    computes="promote",
    vjp=[lambda g, out, x, y: g, none],
    grad_fn="SubBackward1",
    text="x - y",
    doc="x - y, for a plain number y.",
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
    specialize=lambda: (np.divide, ((1.0,), 0)),  # the same values, and faster
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


# The operators. A plain number on the left of - and / makes another graph than one on the right, as in PyTorch.


def value_of(x: Any) -> Any:
    """The plain number that x is known to be (so is a size, where shapes have no named ones), else None."""
    if not isinstance(x, Node):
        return x
    if x.op.reads_shape and is_concrete(x.inputs[0].shape):
        return x.op.kernel(x.inputs[0].shape, *x.params)
    return x.params[0] if x.weak and x.op is CONSTANT else None


def _subtract(x: Any, y: Any) -> Node:
    known = value_of(x)
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


def in_order(x: Node, y: Node) -> Node:
    """x as the first operand of a function: unlike the operator's, a plain number stays in its place."""
    return strengthen(x, common_form([x, y])[1]) if x.weak and not y.weak else x


add = composite(
    "add(x, y, *, alpha: Number = 1)",
    lambda x, y, alpha: ADD(in_order(x, y), y) if alpha == 1 and alpha is not True else ADD_SCALED(x, y, alpha),
    doc="x + alpha*y.",
    example="add([1., 2.], [3., 4.], alpha=10)",
    samples=["x + y; x:2,3, y:3", "add(x, y, alpha=2); x:2,3, y:3", "x + 2; x:2,3"],
)
sub = composite(
    "sub(x, y, *, alpha: Number = 1)",
    lambda x, y, alpha: SUB(x, y) if alpha == 1 and alpha is not True else SUB_SCALED(x, y, alpha),
    aliases=["subtract"],
    doc="x - alpha*y.",
    example="sub([1., 2.], [3., 4.])",
    samples=["x - y; x:2,3, y:3", "sub(x, y, alpha=2); x:2,3, y:3", "1 - x; x:2,3"],
)


def _rsub(x: Node, y: Node, alpha: Any) -> Node:
    known = value_of(y)
    _check_sub(x, y, alpha)
    if known is not None and not x.weak:
        x = with_number(x, known)
        return RSUB(x, known) if alpha == 1 else RSUB_SCALED(x, known, alpha)  # type: ignore[no-any-return]
    broadcast(y.shape, x.shape, (1, 0))  # in the order of y - x, which an error names
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
    lambda x, y: MUL(in_order(x, y), y),
    aliases=["multiply"],
    doc="x*y, element by element.",
    example="mul([1., 2.], 3)",
    samples=["x*y; x:2,3, y:3", "x*2; x:2,3"],
)
OPERATORS.update({"+": ADD, "-": _subtract, "*": MUL, "/": _divide, "neg": neg, "pos": positive})
