"""Values combined, by a sum, product, mean or extreme, at the places that an index names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none
from autodiff.ops.gather import check_scatter, fitted, same_shape_as_index, scatter_place
from autodiff.ops.indices import as_rank, in_bounds, keeps_shape

REDUCTIONS: dict[str, Any] = {
    "sum": np.add,
    "mean": np.add,
    "prod": np.multiply,
    "amax": np.maximum,
    "amin": np.minimum,
}


def _neutral(reduce: str, dtype: Any) -> Any:
    """What a place begins with when its own value does not count."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    if dtype.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    info = np.iinfo(dtype) if dtype.kind in "iu" else None
    return (info.min if reduce == "amax" else info.max) if info else reduce == "amin"


def combine(result: Any, place: Any, values: Any, reduce: str, include_self: bool) -> Any:
    """`result`, changed in place."""
    if not include_self:
        result[place] = _neutral(reduce, result.dtype)
    REDUCTIONS[reduce].at(result, place, values)
    if reduce == "mean":
        count = np.full(result.shape, int(include_self))
        np.add.at(count, place, 1)
        count = np.maximum(count, 1)
        return result / count if result.dtype.kind == "f" else result // count
    return result


def _scatter_reduce_kernel(x: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool) -> Any:
    shape, dtype = np.shape(x), np.asarray(x).dtype
    result = np.array(as_rank(x, 1))
    index = as_rank(index, 1)
    if index.size:
        values = as_rank(src, 1)[tuple(slice(size) for size in index.shape)]
        result = combine(result, scatter_place(result, dim, index), values, reduce, include_self)
    return result.reshape(shape).astype(dtype, copy=False)


def _index_reduce_kernel(x: Any, dim: int, index: Any, source: Any, reduce: str, include_self: bool) -> Any:
    shape, dtype = np.shape(x), np.asarray(x).dtype
    result = np.array(as_rank(x, 1))
    index = np.reshape(index, -1)
    in_bounds(index, result.shape[dim], "index out of range in self", "IndexError")
    place = (..., index, *[slice(None)] * (-1 - dim))
    result = combine(result, place, as_rank(source, 1), reduce, include_self)
    return result.reshape(shape).astype(dtype, copy=False)


# Both are differentiated alike; they differ in how the places are read, added to, and cleared.
# Source: PyTorch's `scatter_reduce_backward` and `index_reduce_backward`.


class _Places:
    __slots__ = ("add", "clear", "pick", "reduce")

    def __init__(self, pick: Any, add: Any, clear: Any, reduce: Any) -> None:
        self.pick = pick  # (x, dim, index)
        self.add = add  # (x, dim, index, src)
        self.clear = clear  # (x, dim, index)
        self.reduce = reduce  # (x, dim, index, src, reduce, include_self)


def _equal(a: Node, b: Node) -> Node:
    return ops.to_copy(ops.eq(a, b), b.dtype)  # type: ignore[no-any-return]


def _shares(out: Node, x: Node, dim: int, index: Node, src: Node, places: _Places) -> tuple[Node, Node, Node]:
    """Which elements are the extreme, and how many of them share its gradient."""
    from_self = _equal(x, out)
    from_src = _equal(src, places.pick(out, dim, index))
    return from_self, from_src, places.add(from_self, dim, index, from_src)


def _count(g: Node, dim: int, index: Node, src: Node, include_self: bool, places: _Places) -> Node:
    start = ops.ones_like(g) if include_self else ops.zeros_like(g)
    count = places.add(start, dim, index, ops.ones_like(src))
    return ops.masked_fill(count, ops.eq(count, 0), 1)  # type: ignore[no-any-return]


def _to_self(places: _Places) -> Callable[..., Node]:
    def rule(g: Node, out: Node, x: Node, dim: int, index: Node, src: Node, reduce: str, include_self: bool) -> Node:
        if reduce == "mean":
            g = g / _count(g, dim, index, src, include_self, places)
        elif reduce == "prod":
            without_zeros = ops.masked_fill(x, ops.eq(x, 0), 1)
            g = g * places.reduce(without_zeros, dim, index, src, reduce, include_self) / without_zeros
        elif reduce != "sum":
            from_self, _, shared = _shares(out, x, dim, index, src, places)
            g = from_self * (g / shared)
        return g if include_self else places.clear(g, dim, index)

    return rule


def _to_src(places: _Places) -> Callable[..., Node]:
    def rule(g: Node, out: Node, x: Node, dim: int, index: Node, src: Node, reduce: str, include_self: bool) -> Node:
        if places is _SCATTERED:
            same_shape_as_index("ScatterReduce", index, src)
        return fitted(pulled(g, out, x, dim, index, src, reduce, include_self), src)

    def pulled(g: Node, out: Node, x: Node, dim: int, index: Node, src: Node, reduce: str, include_self: bool) -> Node:
        if reduce == "mean":
            g = g / _count(g, dim, index, src, include_self, places)
        elif reduce == "prod":
            return _prod_to_src(g, out, x, dim, index, src, include_self, places)
        elif reduce != "sum":
            _, from_src, shared = _shares(out, x, dim, index, src, places)
            return from_src * places.pick(g / shared, dim, index)  # type: ignore[no-any-return]
        return places.pick(g, dim, index)  # type: ignore[no-any-return]

    return rule


def _prod_to_src(
    g: Node, out: Node, x: Node, dim: int, index: Node, src: Node, include_self: bool, places: _Places
) -> Node:
    """The product of the others; where the element is the only zero of its place, without a division by it."""
    is_zero = ops.eq(src, 0)
    zeros = places.pick(places.add(ops.zeros_like(x), dim, index, ops.to_copy(is_zero, x.dtype)), dim, index)
    alone = is_zero & ops.eq(zeros, 1)
    others = places.reduce(x, dim, index, ops.masked_fill(src, alone, 1), "prod", include_self)
    divided = places.pick(g * out, dim, index) / ops.masked_fill(src, is_zero, 1)
    return ops.where(alone, places.pick(g * others, dim, index), divided)  # type: ignore[no-any-return]


_SCATTERED = _Places(
    lambda x, dim, index: ops.gather(x, dim, index),
    lambda x, dim, index, src: ops.scatter_add(x, dim, index, src),
    lambda x, dim, index: ops.scatter(x, dim, index, 0),
    lambda *args: SCATTER_REDUCE(*args),
)
_INDEXED = _Places(
    lambda x, dim, index: ops.index_select(x, dim, index),
    lambda x, dim, index, src: ops.index_add(x, dim, index, src),
    lambda x, dim, index: ops.index_fill(x, dim, index, 0),
    lambda *args: INDEX_REDUCE(*args),
)


def _check_scatter_reduce(x: Node, dim: int, index: Node, src: Node, reduce: str, include_self: bool) -> None:
    if reduce not in REDUCTIONS:
        raise AutodiffError(
            "bad-value", f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}", operands=(4,)
        )
    check_scatter(x, dim, index, src)


def _check_index_reduce(x: Node, dim: int, index: Node, source: Node, reduce: str, include_self: bool) -> None:
    if reduce not in REDUCTIONS or reduce == "sum":
        raise AutodiffError(
            "bad-value",
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.",
            operands=(4,),
        )
    if len(index.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            f"index_reduce_(): Index is supposed to be a vector, but got dim: {len(index.shape)} with type:"
            f" {index.dtype.long_name} and size: {list(index.shape)}",
            type="IndexError",
            operands=(2,),
        )
    if index.dtype not in (dtypes.int32, dtypes.int64):
        raise AutodiffError(
            "bad-dtype",
            f"index_reduce_(): Expected dtype int32/int64 for index but got: {index.dtype.long_name}",
            operands=(2,),
        )
    if source.dtype is not x.dtype:
        raise AutodiffError(
            "bad-dtype",
            f"index_reduce_(): self ({x.dtype.long_name}) and source ({source.dtype.long_name}) must have the same"
            " scalar type",
            operands=(0, 3),
        )
    if dim >= max(len(source.shape), 1):
        raise AutodiffError(
            "bad-rank",
            f"index_reduce_(): Indexing dim {dim} is out of bounds of the source tensor with dim {len(source.shape)}",
            operands=(3,),
        )
    count = index.shape[0] if index.shape else 1
    given = source.shape[dim] if dim < len(source.shape) else 1
    if count != given:
        raise AutodiffError(
            "shape-mismatch",
            f"index_reduce_(): Number of indices ({count}) should be equal to source.size(dim): ({given}), for dim:"
            f" {dim}",
            operands=(2, 3),
        )
    others = (*source.shape[:dim], *source.shape[dim + 1 :])
    if (*x.shape[:dim], *x.shape[dim + 1 :]) != others or (not source.shape) != (not x.shape):
        raise AutodiffError(
            "shape-mismatch",
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape ="
            f" {list(x.shape)} source.shape = {list(source.shape)}",
            operands=(0, 3),
        )


SCATTER_REDUCE: Primitive = Primitive(
    "scatter_reduce(x, dim: dim, index, src, reduce: str, include_self: bool)",
    _scatter_reduce_kernel,
    shape=keeps_shape,
    check=_check_scatter_reduce,
    vjp=[_to_self(_SCATTERED), none, _to_src(_SCATTERED)],
    doc="x combined with the elements of src at the places that index names along dim.",
)
INDEX_REDUCE: Primitive = Primitive(
    "index_reduce(x, dim: dim, index, source, reduce: str, include_self: bool)",
    _index_reduce_kernel,
    shape=keeps_shape,
    check=_check_index_reduce,
    vjp=[_to_self(_INDEXED), none, _to_src(_INDEXED)],
    doc="x combined with the slices of source at the places that index names along dim.",
)
composite(
    "scatter_reduce(x, dim: dim, index, src, reduce: str, *, include_self: bool = True)",
    SCATTER_REDUCE,
    doc="x combined with the elements of src, by 'sum', 'prod', 'mean', 'amax' or 'amin', at the places that index"
    " names.",
    kinks="Equal extremes share the gradient evenly.",
    example="scatter_reduce([1., 2.], 0, tensor([0, 0]), tensor([3., 4.]), 'sum')",
    samples=[
        "scatter_reduce(x, 1, tensor([[0, 0, 1], [2, 2, 2]]), y, 'sum'); x:2,3, y:2,3",
        "scatter_reduce(x, 1, tensor([[0, 0, 1], [2, 2, 2]]), y, 'mean', include_self=False); x:2,3, y:2,3",
        "scatter_reduce(x, 1, tensor([[0, 0, 1], [2, 2, 2]]), y, 'prod'); x:2,3 in 0.5..2, y:2,3 in 0.5..2",
        "scatter_reduce(x, 1, tensor([[0, 0, 1], [2, 2, 2]]), y, 'amax'); x:2,3, y:2,3",
        "scatter_reduce(x, 1, tensor([[0, 0, 1], [2, 2, 2]]), y, 'amin', include_self=False); x:2,3, y:2,3",
    ],
)
composite(
    "index_reduce(x, dim: dim, index, source, reduce: str, *, include_self: bool = True)",
    INDEX_REDUCE,
    doc="x combined with the slices of source, by 'prod', 'mean', 'amax' or 'amin', at the places that index names.",
    kinks="Equal extremes share the gradient evenly.",
    example="index_reduce([1., 2.], 0, tensor([0, 0]), tensor([3., 4.]), 'prod')",
    samples=[
        "index_reduce(x, 1, tensor([0, 2, 0]), y, 'mean'); x:2,3, y:2,3",
        "index_reduce(x, 1, tensor([0, 2, 0]), y, 'prod'); x:2,3 in 0.5..2, y:2,3 in 0.5..2",
        "index_reduce(x, 1, tensor([0, 2, 0]), y, 'amax', include_self=False); x:2,3, y:2,3",
    ],
)
