"""Slices along a dim: one, or a range of them, taken out or replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.kinds import plain
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, convert
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, Size, divide, show

# One slice of a dim


def _at(dim: int, item: Any) -> tuple[Any, ...]:
    """A NumPy index for `item` in a dim counted from the back."""
    return (..., item, *[slice(None)] * (-1 - dim))


def _without(items: Sequence[Any], dim: int) -> tuple[Any, ...]:
    return (*items[:dim], *items[dim + 1 :])


def _selected(node: Node) -> Shape:
    return _without(strides(node.inputs[0]), node.params[0])


SELECT: Primitive = Primitive(
    "select(x, dim: dim, index: int)",
    lambda x, dim, index: x[_at(dim, index)],
    shape=lambda x, dim, index: _without(x.shape, dim),
    vjp=[lambda g, out, x, dim, index: SELECT_SCATTER(ops.zeros_like(x), g, dim, index)],
    layout=_selected,
    view=True,
    doc="The slice of x at a place along a dim.",
)


def place_of(index: Any, size: Dim) -> Any:
    """The index counted from the front, None where out of range; a named size is taken to have the place."""
    if isinstance(index, Size) or isinstance(size, Size):
        return index + size if isinstance(index, int) and index < 0 else index
    return index % size if -size <= index < size else None


def _select(x: Node, dim: int, index: Any) -> Node:
    if not x.shape:
        raise AutodiffError(
            "bad-rank", "select() cannot be applied to a 0-dim tensor.", type="IndexError", operands=(0,)
        )
    index = whole_number("select", "index", 3, index)
    place = place_of(index, x.shape[dim])
    if place is None:
        raise AutodiffError(
            "index-out-of-range",
            f"select(): index {index} out of range for tensor of size {show(x.shape)} at dimension {dim}",
            type="IndexError",
            operands=(0,),
        )
    return SELECT(x, dim, place)  # type: ignore[no-any-return]


def whole_number(function: str, name: str, position: int, value: Any) -> Any:
    """An int (or named size) that may have been given as a tensor of one element; raises `argument-type`."""
    if isinstance(value, Node) and value.shape == () and value.dtype.kind == dtypes.INTEGER:
        value = plain(value)
    if isinstance(value, bool) or not isinstance(value, (int, Size)):
        given = "Tensor" if isinstance(value, Node) else type(value).__name__
        raise AutodiffError(
            "argument-type",
            f"{function}(): argument '{name}' (position {position}) must be int, not {given}",
            type="TypeError",
            operands=(position - 1,),
        )
    return value


composite(
    "select(x, dim: dim, index: any)",
    _select,
    doc="The slice of x at a place along a dim, without that dim.",
    example="select([[1., 2.], [3., 4.]], 0, 1)",
    samples=["select(x, 0, 1); x:2,3", "x.select(-1, -1); x:2,3"],
)


# Several of them


def _slice_shape(x: Node, dim: int, start: Dim, end: Dim, step: int) -> Shape:
    return (*x.shape[:dim], _count(start, end, step), *x.shape[dim + 1 :])


def _count(start: Dim, end: Dim, step: int) -> Dim:
    length = end - start
    if step == 1:
        return length
    if isinstance(length, int):
        return -(-length // step)
    exact = divide(length, step)
    if exact is None:
        raise AutodiffError(
            "needs-value",
            f"how many steps of {step} there are in {length} depends on the size",
            help="give the sizes as numbers",
        )
    return exact


def _sliced_strides(node: Node) -> Shape:
    own = strides(node.inputs[0])
    dim, _, _, step = node.params
    return (*own[:dim], own[dim] * step, *own[dim + 1 :])


SLICE: Primitive = Primitive(
    "slice(x, dim: dim, start: any, end: any, step: int)",
    lambda x, dim, start, end, step: x[_at(dim, slice(start, end, step))],
    shape=_slice_shape,
    vjp=[lambda g, out, x, dim, start, end, step: SLICE_SCATTER(ops.zeros_like(x), g, dim, start, end, step)],
    layout=_sliced_strides,
    view=True,
    doc="The part of x from start (inclusive) to end (exclusive) along a dim.",
)


def bounds(size: Dim, start: Any, end: Any) -> tuple[Dim, Dim]:
    """Where a slice begins and ends, counted from the front and within the dim, as Python clamps it."""
    first = _clamped(0 if start is None else start, size)
    last = _clamped(size if end is None else end, size)
    if isinstance(first, int) and isinstance(last, int):
        last = max(first, last)
    return first, last


def _clamped(place: Any, size: Dim) -> Dim:
    if isinstance(place, int) and isinstance(size, int):
        return min(max(place + size if place < 0 else place, 0), size)
    if isinstance(place, int) and place >= 2**63 - 1:
        return size
    return place + size if isinstance(place, int) and place < 0 else place


def sliced(x: Node, dim: int, start: Any, end: Any, step: int) -> Node:
    """A slice of x, made also where it is all of x; raises PyTorch's errors."""
    if not x.shape:
        raise AutodiffError(
            "bad-rank", "slice() cannot be applied to a 0-dim tensor.", type="IndexError", operands=(0,)
        )
    if step <= 0:
        raise AutodiffError("bad-value", "slice step must be positive", operands=(0,))
    return SLICE(x, dim, *bounds(x.shape[dim], start, end), step)  # type: ignore[no-any-return]


def _narrow(x: Node, dim: int, start: Any, length: Any) -> tuple[Any, Any]:
    """The ends of `narrow`; raises PyTorch's errors."""
    if not x.shape:
        raise AutodiffError("bad-rank", "narrow() cannot be applied to a 0-dim tensor.", operands=(0,))
    if isinstance(start, Node) and (start.shape or start.dtype.kind != dtypes.INTEGER):
        raise AutodiffError("bad-value", "start must be an 0-dim integral Tensor.", operands=(2,))
    start = whole_number("narrow", "start", 3, start)
    length = whole_number("narrow", "length", 4, length)
    size = x.shape[dim]
    if isinstance(length, int) and length < 0:
        raise AutodiffError("bad-value", "narrow(): length must be non-negative.", operands=(3,))
    if isinstance(size, int) and isinstance(start, int) and not -size <= start <= size:
        raise AutodiffError(
            "index-out-of-range",
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})",
            type="IndexError",
            operands=(0,),
        )
    if isinstance(start, int) and start < 0:
        start = start + size
    if all(isinstance(value, int) for value in (size, start, length)) and start + length > size:
        raise AutodiffError(
            "index-out-of-range",
            f"start ({start}) + length ({length}) exceeds dimension size ({size}).",
            operands=(0,),
            says=f"this has shape {show(x.shape)}",
        )
    return start, start + length


NARROW_COPY: Primitive = Primitive(
    "narrow_copy(x, dim: dim, start: any, length: any)",
    lambda x, dim, start, length: np.array(x[_at(dim, slice(start, start + length))]),
    shape=lambda x, dim, start, length: (*x.shape[:dim], length, *x.shape[dim + 1 :]),
    vjp=[lambda g, out, x, dim, start, length: SLICE_SCATTER(ops.zeros_like(x), g, dim, start, start + length, 1)],
    doc="A copy of the part of x of a given length, from start along a dim.",
)


def _narrow_copy(x: Node, dim: int, start: Any, length: Any) -> Node:
    first, last = _narrow(x, dim, start, length)
    return NARROW_COPY(x, dim, first, last - first)  # type: ignore[no-any-return]


composite(
    "narrow(x, dim: dim, start: any, length: any)",
    lambda x, dim, start, length: SLICE(x, dim, *_narrow(x, dim, start, length), 1),
    doc="The part of x of a given length, from start along a dim.",
    example="narrow([1., 2., 3.], 0, 1, 2)",
    samples=["narrow(x, 1, 0, 2); x:2,3", "x.narrow(-1, -2, 2); x:2,3"],
)
composite(
    "narrow_copy(x, dim: dim, start: any, length: any)",
    _narrow_copy,
    doc="A copy of the part of x of a given length, from start along a dim.",
    example="narrow_copy([1., 2., 3.], 0, 1, 2)",
    samples=["narrow_copy(x, 1, 0, 2); x:2,3"],
)


# Slices replaced


def checked_slice(x: Node, src: Node, expected: Shape) -> tuple[Node, Node]:
    """The operands of one dtype; raises where src is not of the shape of the slice it replaces."""
    if src.shape != expected:
        raise AutodiffError(
            "shape-mismatch",
            "expected src to have a size equal to the slice of self."
            f" src size = {show(src.shape)}, slice size = {show(expected)}",
            operands=(0, 1),
        )
    return x, src if src.dtype is x.dtype else convert(src, x.dtype)


def replaced(x: Any, place: Any, src: Any) -> Any:
    result = np.array(x)
    result[place] = src
    return result


SELECT_SCATTER: Primitive = Primitive(
    "select_scatter(x, src, dim: dim, index: int)",
    lambda x, src, dim, index: replaced(x, _at(dim, index), src),
    shape=lambda x, src, dim, index: x.shape,
    check=lambda x, src, dim, index: (*checked_slice(x, src, _without(x.shape, dim)), dim, index),
    vjp=[
        lambda g, out, x, src, dim, index: SELECT_SCATTER(g, ops.zeros_like(src), dim, index),
        lambda g, out, x, src, dim, index: SELECT(g, dim, index),
    ],
    layout="like",
    doc="x with src as the slice at a place along a dim.",
)
SLICE_SCATTER: Primitive = Primitive(
    "slice_scatter(x, src, dim: dim, start: any, end: any, step: int)",
    lambda x, src, dim, start, end, step: replaced(x, _at(dim, slice(start, end, step)), src),
    shape=lambda x, src, dim, start, end, step: x.shape,
    check=lambda x, src, dim, start, end, step: (
        *checked_slice(x, src, _slice_shape(x, dim, start, end, step)),
        dim,
        start,
        end,
        step,
    ),
    vjp=[
        lambda g, out, x, src, dim, start, end, step: SLICE_SCATTER(g, ops.zeros_like(src), dim, start, end, step),
        lambda g, out, x, src, dim, start, end, step: SLICE(g, dim, start, end, step),
    ],
    layout="like",
    doc="x with src from start to end along a dim.",
)


def _select_scatter(x: Node, src: Node, dim: int, index: int) -> Node:
    return SELECT_SCATTER(x, src, dim, _select(x, dim, index).params[1])  # type: ignore[no-any-return]


def _slice_scatter(x: Node, src: Node, dim: int, start: int | None, end: int | None, step: int) -> Node:
    if step <= 0:
        raise AutodiffError("bad-value", "slice step must be positive", operands=(5,))
    if not x.shape:
        raise AutodiffError("bad-rank", "slice() cannot be applied to a 0-dim tensor.", operands=(0,))
    return SLICE_SCATTER(x, src, dim, *bounds(x.shape[dim], start, end), step)  # type: ignore[no-any-return]


composite(
    "select_scatter(x, src, dim: dim, index: int)",
    _select_scatter,
    doc="x with src as the slice at a place along a dim.",
    example="select_scatter([[1., 2.], [3., 4.]], [0., 0.], 0, 1)",
    samples=["select_scatter(x, y, 0, -1); x:2,3, y:3", "select_scatter(x, y, 1, 0); x:2,3, y:2"],
)
composite(
    "slice_scatter(x, src, dim: dim = 0, start: int? = None, end: int? = None, step: int = 1)",
    _slice_scatter,
    doc="x with src from start (inclusive) to end (exclusive) along a dim.",
    example="slice_scatter([1., 2., 3.], [0., 0.], 0, 1)",
    samples=["slice_scatter(x, y, 1, 1); x:2,3, y:2,2", "slice_scatter(x, y, 0, 0, 3, 2); x:3,2, y:2,2"],
)
