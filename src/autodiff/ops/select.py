"""Choosing between tensors element by element: where, maximum, clamp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import CONSTANT, convert, none, number, writes_out, zero
from autodiff.graph.sizes import broadcast
from autodiff.ops.checks import C_NAMES, plain_as


def _check_condition(condition: Node, x: Node, y: Node) -> None:
    if condition.dtype.kind != dtypes.BOOL:
        raise AutodiffError(
            "bad-dtype",
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.long_name}",
            operands=(0,),
            help="compare it with something: condition != 0",
        )
    broadcast(broadcast(condition.shape, x.shape, (1, 2)), y.shape, (1, 2))


_BITS = {np.dtype(np.float32): np.int32, np.dtype(np.float64): np.int64}


@writes_out
def choose(condition: Any, x: Any, y: Any, out: Any = None) -> Any:
    """`np.where`, for floating-point arrays by their bits: several times faster, and NaN and -0. stay what they are."""
    dtype = np.result_type(x, y)
    bits = _BITS.get(dtype)
    if bits is None or np.size(condition) < 4096:
        picked = np.where(condition, x, y)
        if out is None:
            return picked
        out[...] = picked
        return out
    mask = np.asarray(condition).astype(bits)
    on, off = np.asarray(x, dtype).view(bits), np.asarray(y, dtype).view(bits)
    target = None if out is None else out.view(bits)
    if on.ndim == 0 and on == 0:
        np.subtract(mask, 1, out=mask)  # all bits set where the condition does not hold
        picked = np.bitwise_and(off, mask, out=target)
    else:
        np.negative(mask, out=mask)
        if off.ndim == 0 and off == 0:
            picked = np.bitwise_and(on, mask, out=target)
        else:
            picked = np.bitwise_xor(off, np.bitwise_and(np.bitwise_xor(on, off), mask), out=target)
    return picked.view(dtype) if out is None else out


WHERE: Elementwise = Elementwise(
    "where(condition, x, y)",
    choose,
    computes="promote",
    untyped=1,
    check=_check_condition,
    vjp=[
        none,
        lambda g, out, condition, x, y: WHERE(condition, g, 0),
        lambda g, out, condition, x, y: WHERE(condition, 0, g),
    ],
    doc="x where the condition holds, else y.",
)


def _where(condition: Node, x: Node | None, y: Node | None) -> Any:
    if x is None and y is None:
        return ops.nonzero(condition, as_tuple=True)
    if x is None or y is None:
        raise AutodiffError(
            "missing-argument",
            "where() takes a condition alone, or a condition and two tensors",
            type="TypeError",
            help="where(condition, x, y)",
        )
    return WHERE(condition, x, y)


where = composite(
    "where(condition, x: Tensor? = None, y: Tensor? = None)",
    _where,
    doc="x where the condition holds, else y.",
    kinks="The branch that is not taken gets a zero gradient, and a NaN from behind it stays NaN.",
    example="where([True, False], [1., 2.], 0.5)",
    samples=["where(x > 0, x^2, y); x:2,3, y:3", "where(x > 0, x, 1); x:2,3", "where(x > 0, 1, x); x:2,3"],
)
composite(
    "Tensor.where(x, condition, y)",
    lambda x, condition, y: WHERE(condition, x, y),
    doc="x where the condition holds, else y: the method has the condition in between.",
    example="tensor([1., 2.]).where(tensor([True, False]), 0.5)",
    samples=["x.where(x > 0, y); x:2,3, y:3"],
)


def _masked_fill_check(mask: Node, x: Node, value: Node) -> None:
    if mask.dtype.kind != dtypes.BOOL:
        raise AutodiffError(
            "bad-dtype",
            f"masked_fill_ only supports boolean masks, but got mask with dtype {C_NAMES[mask.dtype.name]}",
            operands=(1,),
        )
    if value.shape:
        raise AutodiffError(
            "bad-rank",
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with"
            f" {len(value.shape)} dimension(s).",
            operands=(2,),
        )


_filled: dict[str, Any] = {
    "computes": "promote",
    "untyped": 1,
    "check": _masked_fill_check,
    "text": "masked_fill(x, mask, value)",
    "doc": "x with value where the mask holds.",
}


@writes_out
def _fill_where(mask: Any, x: Any, value: Any, out: Any = None) -> Any:
    return choose(mask, value, x, out)


MASKED_FILL: Elementwise = Elementwise(
    "masked_fill(mask, x, value)",
    _fill_where,
    layout="contiguous",
    vjp=[
        none,
        lambda g, out, mask, x, value: MASKED_FILL_NUMBER(mask, g, 0),
        lambda g, out, mask, x, value: WHERE(mask, g, 0),
    ],
    grad_fn="MaskedFillBackward1",
    **_filled,
)
MASKED_FILL_NUMBER: Elementwise = Elementwise(
    "masked_fill(mask, x, value)",
    _fill_where,
    layout="contiguous",
    vjp=[none, lambda g, out, mask, x, value: MASKED_FILL_NUMBER(mask, g, 0), none],
    grad_fn="MaskedFillBackward0",
    **_filled,
)


def _fitted(value: Node, dtype: DType) -> Node:
    """A value to fill with, in the element type of what it fills."""
    if value.weak and value.op is CONSTANT:
        return number(plain_as(value.params[0], dtype))
    return value if value.dtype is dtype else convert(value, dtype)


def _masked_fill(x: Node, mask: Node, value: Node) -> Node:
    fill = MASKED_FILL_NUMBER if value.weak else MASKED_FILL
    return fill(mask, x, _fitted(value, x.dtype))  # type: ignore[no-any-return]


masked_fill = composite(
    "masked_fill(x, mask, value)",
    _masked_fill,
    doc="x with value, a number or a tensor without dimensions, where the mask holds.",
    example="masked_fill([1., 2., 3.], [True, False, True], 0)",
    samples=["masked_fill(x, x > 0, 1); x:2,3", "masked_fill(x, x > 0, s); x:2,3, s:scalar"],
)


def _check_fill(x: Node, value: Node) -> None:
    if value.shape:
        raise AutodiffError(
            "bad-rank",
            f"fill_ only supports 0-dimension value tensor but got tensor with {len(value.shape)} dimensions.",
            operands=(1,),
        )


_fill: dict[str, Any] = {"computes": "promote", "check": _check_fill, "doc": "x with value everywhere."}
FILL = Elementwise(
    "fill(x, value)",
    lambda x, value: np.full_like(x, value),
    vjp=[zero, lambda g, out, x, value: g],
    grad_fn="FillBackward1",
    **_fill,
)
FILL_NUMBER = Elementwise("fill(x, value)", np.full_like, vjp=[zero, none], grad_fn="FillBackward0", **_fill)


def _fill_with(x: Node, value: Node) -> Node:
    return (FILL_NUMBER if value.weak else FILL)(x, _fitted(value, x.dtype))  # type: ignore[no-any-return]


fill = composite(
    "fill(x, value)",
    _fill_with,
    doc="A tensor of the shape and type of x, every element value.",
    example="fill([1., 2.], 7)",
    samples=["fill(x, 2) + x; x:2,3", "fill(x, s); x:2,3, s:scalar"],
)

# The larger and the smaller of two


def _halves(other_wins: Callable[[Any, Any], Any]) -> list[Callable[..., Any]]:
    def to_x(g: Node, out: Node, x: Node, y: Node) -> Node:
        return MASKED_FILL_NUMBER(other_wins(x, y), WHERE(x_equals(x, y), g / 2, g), 0)  # type: ignore[no-any-return]

    def to_y(g: Node, out: Node, x: Node, y: Node) -> Node:
        return MASKED_FILL_NUMBER(other_wins(y, x), WHERE(x_equals(x, y), g / 2, g), 0)  # type: ignore[no-any-return]

    def x_equals(x: Node, y: Node) -> Node:
        return ops.eq(x, y)  # type: ignore[no-any-return]

    return [to_x, to_y]


def _whole(x_wins: Callable[[Any, Any], Any]) -> list[Callable[..., Any]]:
    def chosen(x: Node, y: Node) -> Node:
        return x_wins(x, y) | ops.isnan(y)  # type: ignore[no-any-return]

    return [
        lambda g, out, x, y: MASKED_FILL_NUMBER(~chosen(x, y), g, 0),
        lambda g, out, x, y: MASKED_FILL_NUMBER(chosen(x, y), g, 0),
    ]


maximum = elementwise(
    "maximum(x, y)",
    np.maximum,
    computes="promote",
    vjp=_halves(lambda x, y: x < y),
    doc="The larger of x and y, element by element; NaN if either is.",
    kinks="Where both are equal each gets half of the gradient.",
    example="maximum([1., 5.], [3., 2.])",
    samples=["maximum(x, y); x:2,3, y:3"],
)
minimum = elementwise(
    "minimum(x, y)",
    np.minimum,
    computes="promote",
    vjp=_halves(lambda x, y: x > y),
    doc="The smaller of x and y, element by element; NaN if either is.",
    kinks="Where both are equal each gets half of the gradient.",
    example="minimum([1., 5.], [3., 2.])",
    samples=["minimum(x, y); x:2,3, y:3"],
)
fmax = elementwise(
    "fmax(x, y)",
    np.fmax,
    computes="promote",
    vjp=_whole(lambda x, y: x >= y),
    doc="The larger of x and y, element by element; a NaN gives way to a number.",
    kinks="Where both are equal x gets the gradient.",
    example="fmax([1., nan], [3., 2.])",
    samples=["fmax(x, y); x:2,3, y:3"],
)
fmin = elementwise(
    "fmin(x, y)",
    np.fmin,
    computes="promote",
    vjp=_whole(lambda x, y: x <= y),
    doc="The smaller of x and y, element by element; a NaN gives way to a number.",
    kinks="Where both are equal x gets the gradient.",
    example="fmin([1., nan], [3., 2.])",
    samples=["fmin(x, y); x:2,3, y:3"],
)
