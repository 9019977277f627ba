"""Places in a sorted sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive, convert, strengthen
from autodiff.graph.sizes import show


def _found(boundaries: Any, x: Any, right: bool, dtype: DType) -> Any:
    boundaries, x = np.asarray(boundaries), np.asarray(x)
    if boundaries.ndim == 1 and bool(np.all(boundaries[1:] >= boundaries[:-1])) and not np.isnan(boundaries[:1]).any():
        places = np.searchsorted(boundaries, x, side="right" if right else "left")
    else:
        places = _halved(boundaries, x, right)
    return np.asarray(places).astype(dtype.numpy)


def _halved(boundaries: Any, x: Any, right: bool) -> Any:
    """PyTorch's binary search, which says something also where the boundaries are not in order."""
    low, high = np.zeros(x.shape, np.int64), np.full(x.shape, boundaries.shape[-1])
    while np.any(low < high):
        middle = (low + high) // 2
        at = np.minimum(middle, boundaries.shape[-1] - 1)
        found = boundaries[at] if boundaries.ndim == 1 else np.take_along_axis(boundaries, at, -1)
        above = (found > x if right else found >= x) | (low >= high)
        low, high = np.where(above, low, middle + 1), np.where(above & (low < high), middle, high)
    return low


def _ordered(boundaries: Any, sorter: Any) -> Any:
    if sorter.size and (sorter.min() < 0 or sorter.max() >= boundaries.shape[-1]):
        raise AutodiffError("index-out-of-range", "torch.searchsorted(): sorter index out of range", operands=(0,))
    return np.take_along_axis(boundaries, sorter, -1)


ORDERED = Primitive(
    "sorted_by(boundaries, sorter)",
    _ordered,
    shape=lambda boundaries, sorter: boundaries.shape,
    doc="The boundaries in the order that sorter gives.",
)
SEARCH: Primitive = Primitive(
    "searchsorted(boundaries, x, right: bool, dtype: dtype)",
    _found,
    shape=lambda boundaries, x, right, dtype: x.shape,
    dtype=lambda boundaries, x, right, dtype: dtype,
    doc="Where x would have to be inserted to keep the boundaries sorted.",
)


def _search(boundaries: Node, x: Node, right: bool, out_int32: bool) -> Node:
    if not boundaries.shape:
        raise AutodiffError(
            "bad-rank",
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension",
            operands=(0,),
        )
    if not x.shape and len(boundaries.shape) > 1:
        raise AutodiffError(
            "bad-rank",
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got"
            f" boundaries tensor dim({len(boundaries.shape)}) and input value's dim(0) numel(1)",
            operands=(0,),
        )
    if len(boundaries.shape) > 1 and boundaries.shape[:-1] != x.shape[:-1]:
        raise AutodiffError(
            "shape-mismatch",
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries"
            " tensor and input value tensor must match, but we got boundaries tensor"
            f" {show(boundaries.shape)} and input value tensor {show(x.shape)}",
            operands=(0, 1),
        )
    if x.weak:
        x = convert(x, boundaries.dtype if x.dtype.kind <= boundaries.dtype.kind else dtypes.default_dtype())
    return SEARCH(boundaries, x, right, dtypes.int32 if out_int32 else dtypes.int64)  # type: ignore[no-any-return]


def _searchsorted(
    boundaries: Node, x: Node, out_int32: bool, right: bool, side: str | None, sorter: Node | None
) -> Node:
    if side not in (None, "left", "right"):
        raise AutodiffError(
            "bad-value",
            f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}",
            operands=(1,),
        )
    if right and side == "left":
        raise AutodiffError(
            "bad-value",
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True",
        )
    if sorter is not None:
        if sorter.shape != boundaries.shape:
            message = "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor"
            message += f" {show(boundaries.shape)}and got sorter tensor {show(sorter.shape)}"
            raise AutodiffError("shape-mismatch", message, operands=(0,))
        if sorter.dtype is not dtypes.int64:
            message = (
                f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {sorter.dtype.long_name}"
            )
            raise AutodiffError("bad-dtype", message, operands=(0,))
        boundaries = ORDERED(boundaries, sorter)
    return _search(boundaries, x, right or side == "right", out_int32)


composite(
    "searchsorted(sorted_sequence, x, *, out_int32: bool = False, right: bool = False, side: str? = None,"
    " sorter: Tensor? = None)",
    _searchsorted,
    doc="Where each x would have to be inserted to keep the sequence sorted: before equal ones, or (right) after them;"
    " sorter is the order that sorts a sequence that is not.",
    example="searchsorted([1., 2., 3.], [2., 2.5])",
)


def _bucketize(x: Node, boundaries: Node, out_int32: bool, right: bool) -> Node:
    if len(boundaries.shape) != 1:
        raise AutodiffError(
            "bad-rank",
            f"boundaries tensor must be 1 dimension, but got dim({len(boundaries.shape)})",
            operands=(1,),
        )
    return _search(strengthen(boundaries, boundaries.dtype), x, right, out_int32)


composite(
    "bucketize(x, boundaries, *, out_int32: bool = False, right: bool = False)",
    _bucketize,
    doc="The number of the bucket that each x falls into; bucket i begins after boundary i - 1.",
    example="bucketize([0.5, 1.5], [1., 2.])",
)
