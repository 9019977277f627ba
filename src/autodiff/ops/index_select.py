"""Whole slices along a dim, named by a vector of integers: taken out, added to, replaced."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, convert, none
from autodiff.graph.sizes import Shape, numel, show
from autodiff.ops.indices import OUT_OF_BOUNDS, as_rank, bad_dtype, bad_shape, in_bounds, is_index, keeps_shape


def _vector(index: Any) -> Any:
    return np.reshape(index, -1)


def _at(dim: int, index: Any) -> tuple[Any, ...]:
    return (..., index, *[slice(None)] * (-1 - dim))


def _check_index_select(x: Node, dim: int, index: Node) -> None:
    if not is_index(index):
        raise bad_dtype("index_select(): Expected dtype int32 or int64 for index", (2,))
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank", "index_select(): Index is supposed to be a vector", type="IndexError", operands=(2,)
        )
    if not x.shape and numel(index.shape) != 1:
        raise bad_shape(
            f"index_select(): Index to scalar can have only 1 value, got {numel(index.shape)} value(s)", (2,)
        )


def _index_select_kernel(x: Any, dim: int, index: Any) -> Any:
    index = _vector(index)
    if not np.ndim(x):
        in_bounds(index, 1, "index out of range in self", "IndexError")
        return np.array(x)
    if index.size and not x.shape[dim]:
        raise AutodiffError("index-out-of-range", "index_select(): self indexing axis dim should be positive")
    if np.ndim(x) + dim == 1:
        in_bounds(index, x.shape[dim], f"INDICES element is out of DATA bounds, id={{}} axis_dim={x.shape[dim]}")
    in_bounds(index, x.shape[dim], "index out of range in self", "IndexError")
    return np.take(x, index, axis=dim)


def _index_selected(x: Node, dim: int, index: Node) -> Shape:
    return (*x.shape[:dim], numel(index.shape), *x.shape[dim + 1 :]) if x.shape else ()


INDEX_SELECT: Primitive = Primitive(
    "index_select(x, dim: dim, index)",
    _index_select_kernel,
    shape=_index_selected,
    check=_check_index_select,
    vjp=[lambda g, out, x, dim, index: INDEX_ADD(ops.zeros_like(x), dim, index, g), none],
    doc="The slices of x that index names along dim.",
)
composite(
    "index_select(x, dim: dim, index)",
    INDEX_SELECT,
    doc="The slices of x that index, a vector of integers, names along dim.",
    example="index_select([[1., 2.], [3., 4.]], 0, tensor([1, 0]))",
    samples=["index_select(x, 1, tensor([2, 0, 2])); x:2,3", "index_select(x, 0, tensor(1)); x:2,3"],
)


def _check_index_add(x: Node, dim: int, index: Node, source: Node) -> None:
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"index_add_(): Index is supposed to be a vector, but got dim: {len(index.shape)} with type:"
            f" {index.dtype.long_name} and size: {show(index.shape)}",
            type="IndexError",
            operands=(2,),
        )
    if not is_index(index):
        raise bad_dtype(f"index_add_(): Expected dtype int32/int64 for index but got: {index.dtype.long_name}", (2,))
    if source.dtype is not x.dtype:
        raise bad_dtype(
            f"index_add_(): self ({x.dtype.long_name}) and source ({source.dtype.long_name}) must have the same"
            " scalar type",
            (0, 3),
        )
    count = numel(index.shape)
    given = source.shape[dim] if dim < len(source.shape) else 1
    if count != given:
        raise bad_shape(
            f"index_add_(): Number of indices ({count}) should be equal to source.size(dim): ({given}), for dim: {dim}",
            (2, 3),
        )
    others = (*source.shape[:dim], *source.shape[dim + 1 :])
    if (*x.shape[:dim], *x.shape[dim + 1 :]) != others or (not source.shape) != (not x.shape):
        raise bad_shape(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape ="
            f" {show(x.shape)} source.shape = {show(source.shape)}",
            (0, 3),
        )


def _index_add_kernel(x: Any, dim: int, index: Any, source: Any) -> Any:
    shape = np.shape(x)
    result = np.array(as_rank(x, 1))
    index = _vector(index)
    if result.ndim == 1:
        in_bounds(index, result.shape[0], "index out of range in self", "IndexError")
    in_bounds(index, result.shape[dim], OUT_OF_BOUNDS.format(result.ndim + dim, result.shape[dim]))
    moved = np.moveaxis(result, dim, 0)
    np.add.at(moved, index, np.moveaxis(as_rank(source, 1), dim, 0))
    return result.reshape(shape)


INDEX_ADD: Primitive = Primitive(
    "index_add(x, dim: dim, index, source)",
    _index_add_kernel,
    shape=keeps_shape,
    check=_check_index_add,
    vjp=[
        lambda g, out, x, dim, index, source: g,
        none,
        lambda g, out, x, dim, index, source: _reselected(g, dim, index, source),
    ],
    doc="x with the slices of source added to those that index names along dim.",
)


def _reselected(g: Node, dim: int, index: Node, source: Node) -> Node:
    picked = INDEX_SELECT(g, dim, index)
    return picked if picked.shape == source.shape else ops.reshape(picked, source.shape)  # type: ignore[no-any-return]


INDEX_ADD_SCALED: Primitive = Primitive(
    "index_add(x, dim: dim, index, source, alpha: Number)",
    lambda x, dim, index, source, alpha: _index_add_kernel(x, dim, index, np.multiply(source, alpha)),
    shape=keeps_shape,
    check=lambda x, dim, index, source, alpha: _check_index_add(x, dim, index, source),
    vjp=[
        lambda g, out, x, dim, index, source, alpha: g,
        none,
        lambda g, out, x, dim, index, source, alpha: _reselected(g, dim, index, source) * alpha,
    ],
    grad_fn="IndexAddBackward0",
    doc="x with alpha times the slices of source added to those that index names along dim.",
)
composite(
    "index_add(x, dim: dim, index, source, *, alpha: Number = 1)",
    lambda x, dim, index, source, alpha: (
        INDEX_ADD(x, dim, index, source) if alpha == 1 else INDEX_ADD_SCALED(x, dim, index, source, alpha)
    ),
    doc="x with alpha times the slices of source added to those that index names along dim.",
    example="index_add([1., 2.], 0, tensor([0, 0]), tensor([3., 4.]))",
    samples=[
        "index_add(x, 1, tensor([2, 0, 2]), y); x:2,3, y:2,3",
        "index_add(x, 0, tensor([1]), y, alpha=2); x:2,3, y:1,3",
    ],
)


def _check_index_fill(x: Node, dim: int, index: Node, value: Any) -> None:
    if index.dtype is not dtypes.int64:
        raise AutodiffError(
            "bad-dtype", "index_fill_(): Expected dtype int64 for index.", type="IndexError", operands=(2,)
        )
    if len(index.shape) > 1:
        raise AutodiffError("bad-rank", "Index has to be a vector/scalar", operands=(2,))
    if isinstance(value, Node) and value.shape:
        raise AutodiffError(
            "bad-rank",
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with"
            f" {len(value.shape)} dimension(s).",
            operands=(3,),
        )


def _index_fill_kernel(x: Any, dim: int, index: Any, value: Any) -> Any:
    shape = np.shape(x)
    result = np.array(as_rank(x, 1))
    index = _vector(index)
    in_bounds(
        index,
        result.shape[dim],
        OUT_OF_BOUNDS.format(result.ndim + dim, result.shape[dim]),
        "IndexError",
        negative=True,
    )
    result[_at(dim, index)] = value
    return result.reshape(shape)


INDEX_FILL_NUMBER: Primitive = Primitive(
    "index_fill(x, dim: dim, index, value: Number)",
    _index_fill_kernel,
    shape=keeps_shape,
    check=_check_index_fill,
    vjp=[lambda g, out, x, dim, index, value: INDEX_FILL_NUMBER(g, dim, index, 0), none],
    layout="like",
    doc="x with a number in the slices that index names along dim.",
)


def _filled_sum(g: Node, out: Node, x: Node, dim: int, index: Node, value: Node) -> Node:
    """A slice that is named twice counts once."""
    filled = INDEX_FILL_NUMBER(ops.zeros_like(g), dim, index, 1)
    return ops.sum(ops.where(filled > 0, g, 0))  # type: ignore[no-any-return]


INDEX_FILL: Primitive = Primitive(
    "index_fill(x, dim: dim, index, value)",
    _index_fill_kernel,
    shape=keeps_shape,
    check=_check_index_fill,
    vjp=[
        lambda g, out, x, dim, index, value: INDEX_FILL_NUMBER(g, dim, index, 0),
        none,
        _filled_sum,
    ],
    grad_fn="IndexFillBackward1",
    layout="like",
    doc="x with a value in the slices that index names along dim.",
)


def _index_fill(x: Node, dim: int, index: Node, value: Node) -> Node:
    if value.weak:
        return INDEX_FILL_NUMBER(x, dim, index, value.params[0])  # type: ignore[no-any-return]
    _check_index_fill(x, dim, index, value)
    return INDEX_FILL(x, dim, index, value if value.dtype is x.dtype else convert(value, x.dtype))  # type: ignore[no-any-return]


composite(
    "index_fill(x, dim: dim, index, value)",
    _index_fill,
    doc="x with a number, or a tensor without dimensions, in the slices that index names along dim.",
    example="index_fill([[1., 2.], [3., 4.]], 0, tensor([1]), 0)",
    samples=[
        "index_fill(x, 1, tensor([2, 0]), 1.5); x:2,3",
        "index_fill(x, 0, tensor([1]), s); x:2,3, s:scalar",
        "index_fill(x, 1, tensor([2, 0, 2]), s); x:2,3, s:scalar",
    ],
)


def _check_index_copy(x: Node, dim: int, index: Node, source: Node) -> None:
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"index_copy_(): Index should have dimension 1 or 0 (got {len(index.shape)})",
            type="IndexError",
            operands=(2,),
        )
    if index.dtype is not dtypes.int64:
        raise bad_dtype(f"index_copy_(): Expected a long tensor for index, but got {index.dtype.long_name}", (2,))
    if source.dtype is not x.dtype:
        raise bad_dtype(
            "index_copy_(): self and source expected to have the same dtype, but got (self)"
            f" {x.dtype.long_name} and (source) {source.dtype.long_name}",
            (0, 3),
        )
    count = numel(index.shape)
    given = source.shape[dim] if dim < len(source.shape) else 1
    if source.shape and count != given:
        raise bad_shape(
            f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({given})",
            (2, 3),
            "IndexError",
        )
    own = (*x.shape[:dim], *x.shape[dim + 1 :])
    other = (*source.shape[:dim], *source.shape[dim + 1 :])
    if own != other:
        raise bad_shape(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape:"
            f" {' '.join(map(str, own))} at dimension {dim} and source slice shape: {' '.join(map(str, other))} at"
            " dimension 0.",
            (0, 3),
        )


def _index_copy_kernel(x: Any, dim: int, index: Any, source: Any) -> Any:
    shape = np.shape(x)
    result = np.array(as_rank(x, 1))
    index = _vector(index)
    in_bounds(
        index,
        result.shape[dim],
        f"index_copy_(): index {{}} is out of bounds for dimension {result.ndim + dim} with size {result.shape[dim]}",
        "IndexError",
    )
    result[_at(dim, index)] = as_rank(source, 1)
    return result.reshape(shape)


INDEX_COPY: Primitive = Primitive(
    "index_copy(x, dim: dim, index, source)",
    _index_copy_kernel,
    shape=keeps_shape,
    check=_check_index_copy,
    vjp=[
        lambda g, out, x, dim, index, source: INDEX_FILL_NUMBER(g, dim, index, 0),
        none,
        lambda g, out, x, dim, index, source: _reselected(g, dim, index, source),
    ],
    doc="x with the slices of source in place of those that index names along dim.",
)
composite(
    "index_copy(x, dim: dim, index, source)",
    INDEX_COPY,
    doc="x with the slices of source in place of those that index names along dim.",
    kinks="Where a slice is named twice the last one stays, and both get its gradient.",
    example="index_copy([1., 2.], 0, tensor([1]), tensor([3.]))",
    samples=["index_copy(x, 1, tensor([2, 0]), y); x:2,3, y:2,2"],
)
