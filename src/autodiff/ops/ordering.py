"""Order: sort, topk, and the elements at a rank: median, kthvalue, mode.

Indices carry the gradient: each result is an element of its operand, and its cotangent goes back to where it was.
NaN counts as larger than every number.  Which of equal elements comes first is PyTorch's choice: see `selection`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Shape
from autodiff.ops.checks import not_implemented
from autodiff.ops.extremes import flat_last, put_back, share_evenly_or_nan, values_and_indices
from autodiff.ops.numerics.selection import kth_place, median_place, mode_place, sorted_places, top_places
from autodiff.ops.reduce import Dims, empty_dim

FIELDS = ("values", "indices")


def _sort_kernel(x: Any, dim: Dims, descending: bool, stable: bool | None) -> Any:
    x = np.asarray(x)
    if not dim:
        return x, np.zeros(x.shape, np.int64)
    order = np.moveaxis(sorted_places(np.moveaxis(x, dim[0], -1), descending, bool(stable)), -1, dim[0])
    return np.take_along_axis(x, order, dim[0]), order


def _same_shape(x: Node, *_: Any) -> list[tuple[Shape, DType]]:
    return [(x.shape, x.dtype), (x.shape, dtypes.int64)]


SORT = Primitive(
    "sort(x, dim: dims, descending: bool, stable: bool?)",
    _sort_kernel,
    results=_same_shape,
    fields=FIELDS,
    batches=True,
    vjp=[lambda g, out, x, dim, descending, stable: put_back(g[0], x, dim, out[1], True)],
    grad_fn=lambda x, dim, descending, stable: "SortBackward0" if stable is None else "SortBackward1",
    doc="The elements in order along dim, and where they were.",
)
sort = composite(
    "sort(x, dim: dim = -1, descending: bool = False, stable: bool? = None)",
    lambda x, dim, descending, stable: SORT(x, dim, descending, stable),
    doc="The elements in order along dim, and where they were. NaN is the largest. stable=True keeps equals in order.",
    example="sort([3., 1., 2.])[0]",
    samples=["sort(x)[0]; x:2,3", "sort(x, 0, descending=True)[0]; x:3,2", "sort(x, stable=True)[0]; x:4"],
)
msort = composite(
    "msort(x)",
    lambda x: SORT(x, 0, False, None)[0],
    doc="The elements in order along the first dim.",
    example="msort([3., 1., 2.])",
    samples=["msort(x); x:3,2"],
)
ARGSORT = Primitive(
    "argsort(x, dim: dims, descending: bool, stable: bool)",
    lambda x, dim, descending, stable: _sort_kernel(x, dim, descending, stable)[1],
    shape=lambda x, dim, descending, stable: x.shape,
    batches=True,
    dtype=lambda x, dim, descending, stable: dtypes.int64,
    doc="Where the elements in order along dim are.",
)
argsort = composite(
    "argsort(x, dim: dim = -1, descending: bool = False, stable: bool = False)",
    ARGSORT,
    doc="Where the elements in order along dim are; stable=True keeps the order of equals.",
    example="argsort([3., 1., 2.])",
)


# The k largest or smallest


def _topk_kernel(x: Any, k: int, dim: Dims, largest: bool, sorted: bool) -> Any:
    x = np.asarray(x)
    if not dim:
        return x, np.zeros(x.shape, np.int64)
    rows = np.moveaxis(x, dim[0], -1)
    places = np.moveaxis(top_places(rows, k, largest, sorted), -1, dim[0])
    return np.take_along_axis(x, places, dim[0]), places


def _topk_check(x: Node, k: int, dim: Dims, largest: bool, sorted: bool) -> None:
    size = x.shape[dim[0]] if x.shape else 1
    if k < 0 or (isinstance(size, int) and k > size):
        raise AutodiffError("bad-value", "selected index k out of range", operands=(1,))
    if x.dtype is dtypes.bool_:
        raise AutodiffError("bad-dtype", "topk does not support bool dtypes on CPU", operands=(0,))


def _topk_results(x: Node, k: int, dim: Dims, largest: bool, sorted: bool) -> list[tuple[Shape, DType]]:
    shape = tuple(k if i == dim[0] else size for i, size in enumerate(x.shape))
    return [(shape, x.dtype), (shape, dtypes.int64)]


TOPK = Primitive(
    "topk(x, k: int, dim: dims, largest: bool, sorted: bool)",
    _topk_kernel,
    check=_topk_check,
    results=_topk_results,
    fields=FIELDS,
    batches=True,
    vjp=[lambda g, out, x, k, dim, largest, sorted: put_back(g[0], x, dim, out[1], True)],
    doc="The k largest elements along dim, and where they are.",
)
topk = composite(
    "topk(x, k: int, dim: dim = -1, largest: bool = True, sorted: bool = True)",
    TOPK,
    doc="The k largest (or smallest) elements along dim in order, and where they are.",
    example="topk([3., 1., 2.], 2)[0]",
    samples=["topk(x, 2)[0]; x:2,4", "topk(x, 1, 0)[0]; x:3,2", "topk(x, 2, largest=False)[0]; x:5"],
)


# One element of each


def _take(x: np.ndarray, places: np.ndarray, axis: int, keepdim: bool) -> tuple[np.ndarray, np.ndarray]:
    """What stands at `places`, which have no dim for the axis."""
    places = np.expand_dims(places, axis)
    values = np.take_along_axis(x, places, axis)
    return (values, places) if keepdim else (np.squeeze(values, axis), np.squeeze(places, axis))


def _kth_kernel(x: Any, k: int, dim: Dims, keepdim: bool) -> Any:
    x = np.asarray(x)
    if not dim:
        return x, np.zeros(x.shape, np.int64)
    return _take(x, kth_place(np.moveaxis(x, dim[0], -1), k - 1), dim[0], keepdim)


def _kth_check(x: Node, k: int, dim: Dims, keepdim: bool) -> None:
    size = x.shape[dim[0]] if x.shape else 1
    if size == 0:
        raise empty_dim("kthvalue()", dim[0])
    if k < 1 or (isinstance(size, int) and k > size):
        raise AutodiffError(
            "bad-value", f"kthvalue(): selected number k out of range for dimension {dim[0]}", operands=(1,)
        )
    if x.dtype is dtypes.bool_:
        raise not_implemented("kthvalue_cpu", x.dtype)


KTHVALUE = Primitive(
    "kthvalue(x, k: int, dim: dims, keepdim: bool)",
    _kth_kernel,
    check=_kth_check,
    results=lambda x, k, dim, keepdim: values_and_indices(x, dim, keepdim),
    fields=FIELDS,
    batches=True,
    vjp=[lambda g, out, x, k, dim, keepdim: put_back(g[0], x, dim, out[1], keepdim)],
    doc="The k-th smallest element along dim, and where it is.",
)
kthvalue = composite(
    "kthvalue(x, k: int, dim: dim = -1, keepdim: bool = False)",
    KTHVALUE,
    doc="The k-th smallest element along dim (k counts from 1), and where it is.",
    example="kthvalue([3., 1., 2.], 2)[0]",
    samples=["kthvalue(x, 2)[0]; x:2,3", "kthvalue(x, 1, 0, True)[0]; x:3,2"],
    kinks="The element whose index is returned gets the gradient.",
)


def _median_check(name: str) -> Any:
    def check(x: Node, dim: Dims | None, *_: Any) -> None:
        if dim is not None and x.shape and x.shape[dim[0]] == 0:
            raise empty_dim("median()", dim[0])
        if x.dtype is dtypes.bool_:
            raise not_implemented("median_cpu" if dim is None else "median_out", x.dtype)

    return check


def _declare_median(name: str, skip_nan: bool, doc: str) -> None:
    def whole_kernel(x: Any, dim: Dims) -> Any:
        rows = flat_last(np.asarray(x), dim)
        if rows.shape[-1] == 0:
            return np.full(rows.shape[:-1], np.nan if rows.dtype.kind == "f" else np.iinfo(rows.dtype).min, rows.dtype)
        return _take(rows, median_place(rows, skip_nan), -1, False)[0]

    def along_kernel(x: Any, dim: Dims, keepdim: bool) -> Any:
        x = np.asarray(x)
        if not dim:
            return x, np.zeros(x.shape, np.int64)
        return _take(x, median_place(np.moveaxis(x, dim[0], -1), skip_nan), dim[0], keepdim)

    whole = Primitive(
        f"{name}(x, dim: dims? = None)",
        whole_kernel,
        check=_median_check(name),
        shape=lambda x, dim: (),
        batches=True,
        vjp=[lambda g, out, x, dim: share_evenly_or_nan(g, x, out)],
        doc=doc,
    )
    along = Primitive(
        f"{name}(x, dim: dims, keepdim: bool)",
        along_kernel,
        check=_median_check(name),
        results=values_and_indices,
        fields=FIELDS,
        batches=True,
        vjp=[lambda g, out, x, dim, keepdim: put_back(g[0], x, dim, out[1], keepdim)],
        grad_fn=f"{name.capitalize()}Backward1",
        doc=doc,
    )

    def call(x: Node, dim: int | None, keepdim: bool) -> Any:
        if dim is not None:
            return along(x, dim, keepdim)
        if keepdim:
            raise AutodiffError(
                "missing-argument", f'{name}() missing 1 required positional arguments: "dim"', type="TypeError"
            )
        return whole(x)

    composite(
        f"{name}(x, dim: dim? = None, keepdim: bool = False)",
        call,
        doc=f"{doc} Of an even number, the lower of the two in the middle. Along dim, values and indices.",
        example=f"{name}([3., 1., 2., 5.])",
        samples=[f"{name}(x); x:5", f"{name}(x, 1)[0]; x:2,3", f"{name}(x, 0, True)[0]; x:4,2"],
        kinks="Elements that equal the median of all share the gradient; along dim, the one at the index gets it.",
    )


_declare_median("median", False, "The median; NaN if an element is NaN.")
_declare_median("nanmedian", True, "The median of the elements that are not NaN.")


def _mode_kernel(x: Any, dim: Dims, keepdim: bool) -> Any:
    x = np.asarray(x)
    if not dim:
        return x, np.zeros(x.shape, np.int64)
    return _take(x, mode_place(np.moveaxis(x, dim[0], -1)), dim[0], keepdim)


def _mode_check(x: Node, dim: Dims, keepdim: bool) -> None:
    if x.shape and x.shape[dim[0]] == 0:
        raise empty_dim("mode()", dim[0])


MODE = Primitive(
    "mode(x, dim: dims, keepdim: bool)",
    _mode_kernel,
    check=_mode_check,
    results=values_and_indices,
    fields=FIELDS,
    batches=True,
    vjp=[lambda g, out, x, dim, keepdim: put_back(g[0], x, dim, out[1], keepdim)],
    doc="The most frequent element along dim, and where it is last.",
)
mode = composite(
    "mode(x, dim: dim = -1, keepdim: bool = False)",
    MODE,
    doc="The most frequent element along dim (the smallest of several), and where it is last.",
    example="mode([3., 1., 1.])[0]",
    samples=["mode(x)[0]; x:2,3", "mode(x, 0, True)[0]; x:3,2"],
    kinks="The element whose index is returned gets the gradient.",
)
