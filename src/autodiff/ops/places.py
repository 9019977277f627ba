"""Places counted through all elements of a tensor, and places where a mask holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import INTEGER
from autodiff.graph.evaluate import values_of
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, broadcast_to, constant, none, strengthen
from autodiff.graph.sizes import Shape, broadcast, numel
from autodiff.ops.indices import bad_dtype, bad_shape, in_bounds, keeps_shape

# Places counted through all elements


def _check_long(name: str, index: Node) -> None:
    if index.dtype is not dtypes.int64:
        raise bad_dtype(f"{name}(): Expected a long tensor for index, but got {index.dtype.long_name}")


def _flat_bounds(index: Any, count: int) -> None:
    if not count and np.size(index):
        raise AutodiffError("index-out-of-range", "take(): tried to take from an empty tensor", type="IndexError")
    in_bounds(
        index,
        count,
        f"out of range: tried to access index {{}} on a tensor of {count} elements.",
        "IndexError",
        negative=True,
    )


def _take_kernel(x: Any, index: Any) -> Any:
    _flat_bounds(index, np.size(x))
    return np.reshape(x, -1)[index]


TAKE: Primitive = Primitive(
    "take(x, index)",
    _take_kernel,
    shape=lambda x, index: index.shape,
    check=lambda x, index: _check_long("take", index),
    vjp=[lambda g, out, x, index: PUT(ops.zeros_like(x), index, g, True), none],
    doc="The elements of x, flattened, that index names.",
)
composite(
    "take(x, index)",
    TAKE,
    doc="The elements of x, seen as a vector, that index names.",
    example="take([[1., 2.], [3., 4.]], tensor([0, 3]))",
    samples=["take(x, tensor([[0, 5], [1, 0]])); x:2,3"],
)


def _check_put(x: Node, index: Node, source: Node, accumulate: bool) -> None:
    _check_long("put_", index)
    if source.dtype is not x.dtype:
        raise bad_dtype(
            f"put_(): self and source expected to have the same dtype, but got self.dtype = {x.dtype.long_name} and"
            f" source.dtype = {source.dtype.long_name}",
            (0, 2),
        )
    if numel(index.shape) != numel(source.shape):
        raise bad_shape(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() ="
            f" {numel(source.shape)}, index.numel() = {numel(index.shape)}",
            (1, 2),
            "IndexError",
        )


def _put_kernel(x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    _flat_bounds(index, np.size(x))
    result = np.array(x, order="C").reshape(-1)
    values = np.reshape(source, np.shape(index))
    if accumulate:
        np.add.at(result, index, values)
    else:
        result[index] = values
    return result.reshape(np.shape(x))


PUT: Primitive = Primitive(
    "put(x, index, source, accumulate: bool)",
    _put_kernel,
    shape=keeps_shape,
    check=_check_put,
    vjp=[
        lambda g, out, x, index, source, accumulate: g if accumulate else PUT(g, index, ops.zeros_like(source), False),
        none,
        lambda g, out, x, index, source, accumulate: _as_source(TAKE(g, index), source),
    ],
    layout="like",
    doc="x, flattened, with the elements of source at the places that index names.",
)


def _as_source(picked: Node, source: Node) -> Node:
    return picked if picked.shape == source.shape else ops.reshape(picked, source.shape)


composite(
    "put(x, index, source, accumulate: bool = False)",
    PUT,
    doc="x with the elements of source put, or added, at the places that index names among all elements.",
    example="put([[1., 2.], [3., 4.]], tensor([0, 3]), tensor([5., 6.]))",
    samples=[
        "put(x, tensor([0, 4]), y); x:2,3, y:2",
        "put(x, tensor([0, 4, 0]), y, accumulate=True); x:2,3, y:3",
    ],
)


# Where a mask holds


def _mask_places(mask: Node, shape: Shape) -> Node:
    """Places, among all elements of the shape, where the mask holds."""
    value = np.broadcast_to(values_of(mask), shape)  # type: ignore[arg-type]
    return constant(np.flatnonzero(value))


def _pick_kernel(x: Any, index: Any) -> Any:
    """Without a copy of what broadcasting shows."""
    x = np.asarray(x)
    return x.reshape(-1)[index] if x.flags.c_contiguous else x[np.unravel_index(index, x.shape)]


MASKED_SELECT: Primitive = Primitive(
    "masked_select(x, index)",
    _pick_kernel,
    shape=lambda x, index: index.shape,
    vjp=[lambda g, out, x, index: PUT(ops.zeros_like(x), index, g, True), none],
    doc="The elements of x where a mask holds, whose places are index.",
)


def _masked_select(x: Node, mask: Node) -> Node:
    if mask.dtype.kind != dtypes.BOOL:
        raise bad_dtype("masked_select: expected BoolTensor for mask")
    shape = broadcast(mask.shape, x.shape, (1, 0))
    x = strengthen(x, x.dtype)
    return MASKED_SELECT(x if x.shape == shape else broadcast_to(x, shape), _mask_places(mask, shape))  # type: ignore[no-any-return]


composite(
    "masked_select(x, mask)",
    _masked_select,
    doc="The elements of x where the mask holds, as a vector.",
    example="masked_select([1., 2., 3.], [True, False, True])",
    samples=["masked_select(x, x > 0); x:2,3", "masked_select(x, tensor([True, False, True])); x:2,3"],
)

MASKED_SCATTER: Primitive = Primitive(
    "masked_scatter(x, index, source)",
    lambda x, index, source: _put_kernel(x, index, np.reshape(source, -1)[: index.size], False),
    shape=keeps_shape,
    vjp=[
        lambda g, out, x, index, source: PUT(g, index, ops.zeros_like(ops.take(g, index)), False),
        none,
        lambda g, out, x, index, source: _padded(TAKE(g, index), source),
    ],
    doc="x with elements of source where a mask holds, whose places are index.",
)


def _padded(picked: Node, source: Node) -> Node:
    """Elements of source that were not used get zero."""
    if numel(picked.shape) != numel(source.shape):
        flat = ops.reshape(ops.zeros_like(source), (-1,))
        picked = ops.slice_scatter(flat, picked, 0, 0, picked.shape[0])
    return _as_source(picked, source)


def _masked_scatter(x: Node, mask: Node, source: Node) -> Node:
    shape = broadcast(mask.shape, x.shape, (1, 0))
    if mask.dtype.kind != dtypes.BOOL:
        raise bad_dtype(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.long_name}")
    if source.dtype is not x.dtype:
        raise bad_dtype(
            f"masked_scatter: expected self and source to have same dtypes but got{x.dtype.long_name} and"
            f" {source.dtype.long_name}",
            (0, 2),
        )
    places = _mask_places(mask, shape)
    if numel(places.shape) > numel(source.shape):
        raise bad_shape("Number of elements of source < number of ones in mask", (1, 2))
    return MASKED_SCATTER(x if x.shape == shape else broadcast_to(x, shape), places, source)  # type: ignore[no-any-return]


composite(
    "masked_scatter(x, mask, source)",
    _masked_scatter,
    doc="x with the elements of source, one after another, where the mask holds.",
    example="masked_scatter([1., 2., 3.], [True, False, True], tensor([5., 6.]))",
    samples=["masked_scatter(x, tensor([True, False, True]), y); x:2,3, y:2,3"],
)


# Places of what is not zero


def _nonzero(x: Node, as_tuple: bool) -> Any:
    found = np.nonzero(np.atleast_1d(values_of(x)))
    if as_tuple:
        return tuple(constant(places.astype(np.int64)) for places in found)
    rows = np.stack(found, axis=1) if x.shape else np.zeros((len(found[0]), 0))
    return constant(rows.astype(np.int64))


composite(
    "nonzero(x, *, as_tuple: bool = False)",
    _nonzero,
    doc="The places of elements that are not zero, as rows; as_tuple gives one vector a dimension.",
    example="nonzero([1., 0., 2.])",
)
composite(
    "argwhere(x)",
    lambda x: _nonzero(x, False),
    doc="The places of elements that are not zero, as rows.",
    example="argwhere([1., 0., 2.])",
)


# Places counted through all elements, as an index a dim


def _unravel_index(indices: Node, shape: Any) -> Results:
    if indices.dtype.kind != INTEGER:
        message = f"expected 'indices' to be integer dtype, but got torch.{indices.dtype.name}"
        raise AutodiffError("bad-dtype", message, type="TypeError", operands=(0,))
    sizes = (shape,) if isinstance(shape, int) and not isinstance(shape, bool) else shape
    if not isinstance(sizes, (tuple, list)):
        message = f"expected 'shape' to be int or sequence of ints, but got <class '{type_name(shape)}'>"
        raise AutodiffError("argument-type", message, type="TypeError", operands=(1,))
    for size in sizes:
        if not isinstance(size, int):
            message = f"expected 'shape' sequence to only contain ints, but got <class '{type_name(size)}'>"
            raise AutodiffError("argument-type", message, type="TypeError", operands=(1,))
    if any(size < 0 for size in sizes):
        message = f"'shape' cannot have negative values, but got {tuple(sizes)}"
        raise AutodiffError("bad-value", message, type="ValueError", operands=(1,))
    if 0 in sizes and numel(indices.shape):
        raise AutodiffError("bad-value", "ZeroDivisionError", operands=(1,))
    indices, step = ops.to_copy(indices, dtypes.int64), 1
    found: list[Node] = []
    for size in reversed(sizes):
        found.append(ops.remainder(ops.floor_divide(indices, step), max(size, 1)))
        step *= max(size, 1)
    return Results.of("unravel_index", (), found[::-1])


composite(
    "unravel_index(indices, shape: any)",
    _unravel_index,
    doc="Places counted through all elements of a tensor of that shape, as an index for each dim.",
    example="unravel_index(tensor([5, 7]), (3, 4))[1]",
)
