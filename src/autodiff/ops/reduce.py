"""Reductions: sums, means, counts …, of all elements or along dims.

What the other families of reductions share is here too: the shape rule, and how a cotangent is spread back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.dtypes import DType
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import Fold, Primitive, broadcast_to, convert
from autodiff.graph.sizes import Shape, reduced
from autodiff.ops.create import NUMEL

Dims = tuple[int, ...]


def reduced_shape(x: Node, dim: Dims | None, keepdim: bool, *_: Any) -> Shape:
    """Shape rule of reductions whose arguments begin (x, dim, keepdim)."""
    return reduced(x.shape, dim, keepdim)


def kept(node: Node, x: Node, dim: Dims | None, keepdim: bool) -> Node:
    """A result of reducing x (or its cotangent) with the reduced dims put back as ones."""
    if keepdim or dim is None or not x.shape:
        return node
    for d in sorted(dim):
        node = ops.unsqueeze(node, d)
    return node


def spread(g: Node, x: Node, dim: Dims | None, keepdim: bool) -> Node:
    """The cotangent of a reduction, seen with the shape of its operand."""
    return broadcast_to(kept(g, x, dim, keepdim), x.shape)


def all_if_empty(x: Node, dim: Dims | None) -> Dims | None:
    """An empty list of dims means all of them."""
    return tuple(range(len(x.shape))) if dim == () else dim


def reduced_count(x: Node, out: Node) -> Node:
    """How many elements of x each element of the reduction saw, as a plain number."""
    return NUMEL(x) / NUMEL(out)  # type: ignore[no-any-return]


def count_along(x: np.ndarray, dim: Dims) -> int:
    count = 1
    for d in dim:
        count *= x.shape[d]
    return count


def invalid_combination(name: str, *given: Any, **named: Any) -> AutodiffError:
    """PyTorch's answer to arguments that fit none of a function's forms."""
    shown = ", ".join([*map(type_name, given), *(f"{key}={type_name(value)}" for key, value in named.items())])
    return AutodiffError(
        "argument-type",
        f"{name}() received an invalid combination of arguments - got ({shown}), but expected one of:",
        type="TypeError",
        help=f"`autodiff ops {name}` shows its forms",
    )


def empty_dim(name: str, dim: int) -> AutodiffError:
    return AutodiffError(
        "shape-mismatch",
        f"{name}: Expected reduction dim {dim} to have non-zero size.",
        type="IndexError",
        operands=(0,),
    )


def add_up(x: Any, dim: Dims, keepdim: bool) -> Any:
    """Sum in the dtype of the result: integers as int64, and small floating types without piling up rounding."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return np.sum(x, axis=dim, keepdims=keepdim, dtype=np.int64)
    if x.dtype == np.float16:
        return np.sum(x, axis=dim, keepdims=keepdim, dtype=np.float32).astype(np.float16)
    if x.dtype == np.float32 and dim and -1 not in dim and count_along(x, dim) > 1024:
        # NumPy adds pairwise along the last axis alone.
        return np.sum(x, axis=dim, keepdims=keepdim, dtype=np.float64).astype(np.float32)
    return np.sum(x, axis=dim, keepdims=keepdim)


def average(x: Any, dim: Dims, keepdim: bool) -> Any:
    """Mean; NaN of nothing, without NumPy's warning."""
    x = np.asarray(x)
    if x.dtype == np.float16:
        return average(x.astype(np.float32), dim, keepdim).astype(np.float16)
    return add_up(x, dim, keepdim) / x.dtype.type(count_along(x, dim))


_STRIP = 8192  # elements; for longer products BLAS may start threads
_ONES = {dtype: np.ones(_STRIP, dtype) for dtype in (np.dtype(np.float32), np.dtype(np.float64))}


def strips(tile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A contiguous tile as rows of one length, and what remains."""
    flat = tile.reshape(-1)
    whole = flat.size // _STRIP * _STRIP
    return flat[:whole].reshape(-1, _STRIP), flat[whole:]


def sum_of_tile(tile: np.ndarray) -> Any:
    """The sum of a tile; a product with ones takes less than half the time of NumPy's own sum."""
    if tile.dtype.kind != "f":
        return np.sum(tile, dtype=np.int64)
    ones = _ONES.get(tile.dtype)
    if ones is None or tile.size < _STRIP or not tile.flags.c_contiguous:
        return np.sum(tile, dtype=np.float32 if tile.dtype == np.float16 else None)
    rows, rest = strips(tile)
    return np.sum(np.vecdot(rows, ones), dtype=np.float64) + np.sum(rest)


def _sum_of_parts(parts: list[Any]) -> Any:
    return np.sum(np.array(parts), dtype=np.float64 if parts[0].dtype.kind == "f" else np.int64)


SUM_FOLD = Fold(sum_of_tile, _sum_of_parts)
MEAN_FOLD = Fold(sum_of_tile, _sum_of_parts, lambda total, count, *_: total / count)


def sum_dtype(dtype: DType) -> DType:
    """Sums of integers and truth values are int64."""
    return dtype if dtype.is_floating else dtypes.int64


def in_dtype(x: Node, dtype: DType | None) -> Node:
    """x converted as part of an operation that was given dtype=."""
    if dtype is not None and x.requires_grad and not dtype.is_floating:
        raise AutodiffError("bad-dtype", f"Autograd not support dtype: {dtype.long_name}", operands=(0,))
    return x if dtype is None or dtype is x.dtype else convert(x, dtype)


SUM = Primitive(
    "sum(x, dim: dims? = None, keepdim: bool = False)",
    add_up,
    shape=reduced_shape,
    dtype=lambda x, dim, keepdim: sum_dtype(x.dtype),
    vjp=[lambda g, out, x, dim, keepdim: spread(g, x, dim, keepdim)],
    fold=SUM_FOLD,
    batches=True,
    grad_fn=lambda x, dim, keepdim: "SumBackward0" if dim is None and not keepdim else "SumBackward1",
    doc="Sum of all elements, or along dim.",
)
MEAN = Primitive(
    "mean(x, dim: dims? = None, keepdim: bool = False)",
    average,
    shape=reduced_shape,
    vjp=[lambda g, out, x, dim, keepdim: spread(g, x, dim, keepdim) / reduced_count(x, out)],
    fold=MEAN_FOLD,
    batches=True,
    grad_fn=lambda x, dim, keepdim: "MeanBackward0" if dim is None and not keepdim else "MeanBackward1",
    doc="Mean of all elements, or along dim.",
)
NANSUM = Primitive(
    "nansum(x, dim: dims? = None, keepdim: bool = False)",
    lambda x, dim, keepdim: add_up(np.where(np.isnan(x), np.zeros_like(x), x), dim, keepdim),
    shape=reduced_shape,
    dtype=lambda x, dim, keepdim: sum_dtype(x.dtype),
    vjp=[lambda g, out, x, dim, keepdim: spread(g, x, dim, keepdim) * ops.logical_not(ops.isnan(x))],
    batches=True,
    doc="Sum of the elements that are not NaN, of all or along dim.",
)


def _mean(x: Node, dim: Dims | None, keepdim: bool, dtype: DType | None) -> Node:
    wanted = dtype or x.dtype
    if not wanted.is_floating:
        which = "Input" if dtype is None else "Optional"
        raise AutodiffError(
            "bad-dtype",
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype."
            f" Got: {wanted.long_name}",
            operands=(0,),
            help="make it floating: write the numbers with a point (3.), or x.double()",
        )
    return MEAN(in_dtype(x, dtype), all_if_empty(x, dim), keepdim)  # type: ignore[no-any-return]


def _nanmean(x: Node, dim: Dims | None, keepdim: bool, dtype: DType | None) -> Node:
    if not x.dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            "nanmean(): expected input to have floating point or complex dtype but got " + x.dtype.long_name,
            operands=(0,),
        )
    dim = all_if_empty(x, dim)
    total = NANSUM(in_dtype(x, dtype), dim, keepdim)
    return total / SUM(ops.logical_not(ops.isnan(x)), dim, keepdim)  # type: ignore[no-any-return]


class _OverDims(Composite):
    """A reduction for which PyTorch has one form with dim and one without; dim=None chooses the one with it."""

    __slots__ = ()

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> Any:
        if len(args) > 1 and args[1] is None:
            args = [args[0], (), *args[2:]]
        given = {name: () if value is None and name in ("dim", "axis") else value for name, value in kwargs.items()}
        return super().bind(args, given, method)


def _over_dims(signature: str, function: Callable[..., Any], **about: Any) -> None:
    register(_OverDims(signature, function, **about))


_over_dims(
    "sum(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    lambda x, dim, keepdim, dtype: SUM(in_dtype(x, dtype), all_if_empty(x, dim), keepdim),
    doc="Sum of all elements, or along dim. Integers and truth values are summed as int64.",
    example="sum([[1., 2.], [3., 4.]], dim=0)",
    samples=["sum(x); x:2,3", "sum(x, dim=1); x:2,3", "sum(x, (0, 2), keepdim=True); x:2,3,2", "sum(x, 0); x:scalar"],
)
_over_dims(
    "mean(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    _mean,
    doc="Mean of all elements, or along dim.",
    example="mean(2*([1., 2.] + 1)^2)",
    samples=["mean(x); x:2,3", "mean(x, dim=0); x:2,3", "mean(x, -1, True); x:2,3", "mean(x, (0, 2)); x:2,3,2"],
)
nansum = composite(
    "nansum(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    lambda x, dim, keepdim, dtype: NANSUM(in_dtype(x, dtype), all_if_empty(x, dim), keepdim),
    doc="Sum of the elements that are not NaN, of all or along dim. NaN elements get a zero gradient.",
    example="nansum([1., nan, 2.])",
    samples=["nansum(x); x:2,3", "nansum(x^2, dim=0, keepdim=True); x:2,3"],
)
nanmean = composite(
    "nanmean(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    _nanmean,
    doc="Mean of the elements that are not NaN, of all or along dim.",
    example="nanmean([1., nan, 2.])",
    samples=["nanmean(x); x:2,3", "nanmean(x^2, dim=0, keepdim=True); x:2,3"],
)


# Counting and logic: no gradient flows.


def _logical(name: str, kernel: Callable[..., Any], doc: str) -> None:
    reduction = Primitive(
        f"{name}(x, dim: dims? = None, keepdim: bool = False)",
        kernel,
        shape=reduced_shape,
        batches=True,
        dtype=lambda x, dim, keepdim: dtypes.uint8 if x.dtype is dtypes.uint8 else dtypes.bool_,
        doc=doc,
    )
    composite(
        f"{name}(x, dim: dims? = None, keepdim: bool = False)",
        reduction,
        doc=doc + " Of all elements, or along dim.",
        example=f"{name}([[True, False], [True, True]], dim=0)",
    )


_logical("all", lambda x, dim, keepdim: np.all(x, axis=dim, keepdims=keepdim), "Whether every element is non-zero.")
_logical("any", lambda x, dim, keepdim: np.any(x, axis=dim, keepdims=keepdim), "Whether some element is non-zero.")

COUNT_NONZERO = Primitive(
    "count_nonzero(x, dim: dims? = None)",
    lambda x, dim: np.sum(np.not_equal(x, 0), axis=dim, dtype=np.int64),
    shape=lambda x, dim: reduced(x.shape, dim, False),
    dtype=lambda x, dim: dtypes.int64,
    batches=True,
    doc="How many elements are not zero, of all or along dim.",
)
count_nonzero = composite(
    "count_nonzero(x, dim: dims? = None)",
    lambda x, dim: COUNT_NONZERO(x, all_if_empty(x, dim)),
    doc="How many elements are not zero, of all or along dim.",
    example="count_nonzero([1., 0., 2.])",
)


# Log of a sum of exponentials


def _logsumexp_kernel(x: Any, dim: Dims, keepdim: bool) -> Any:
    x = np.asarray(x)
    if not dim:
        return x
    if count_along(x, dim) == 0:
        return np.log(np.sum(x, axis=dim, keepdims=keepdim))
    top = np.max(x, axis=dim, keepdims=True)
    shift = np.where(np.isinf(top), x.dtype.type(0), top)
    total = np.log(add_up(np.exp(x - shift), dim, keepdim))
    return total + (shift if keepdim else np.squeeze(shift, dim))


def _logsumexp_of_tile(tile: np.ndarray) -> tuple[float, float]:
    """The largest element and the sum of exponentials relative to it."""
    top = np.max(tile)
    shift = tile.dtype.type(0) if np.isinf(top) else top
    scaled = np.subtract(tile, shift)
    return float(shift), float(sum_of_tile(np.exp(scaled, out=scaled)))


def _logsumexp_of_parts(parts: list[Any]) -> Any:
    tops, sums = (np.array(column) for column in zip(*parts, strict=True))
    top = np.max(tops)
    return np.log(np.sum(sums * np.exp(tops - top))) + top


LOGSUMEXP = Primitive(
    "logsumexp(x, dim: dims, keepdim: bool = False)",
    _logsumexp_kernel,
    shape=reduced_shape,
    vjp=[lambda g, out, x, dim, keepdim: kept(g, x, dim, keepdim) * ops.exp(x - kept(out, x, dim, keepdim))],
    batches=True,
    fold=Fold(_logsumexp_of_tile, _logsumexp_of_parts),
    doc="log(sum(exp(x))) along dim, without overflow.",
)


def _logsumexp(x: Node, dim: Dims, keepdim: bool) -> Node:
    if dim == () and x.shape and not keepdim and 0 not in x.shape:
        ones = ", ".join("1" for _ in x.shape)
        raise AutodiffError(
            "shape-mismatch",
            f"output with shape [] doesn't match the broadcast shape [{ones}]",
            operands=(0,),
            help="name the dims: logsumexp(x, 0)",
        )
    floating = x if x.dtype.is_floating else convert(x, dtypes.default_dtype())
    return LOGSUMEXP(floating, all_if_empty(x, dim), keepdim)  # type: ignore[no-any-return]


logsumexp = composite(
    "logsumexp(x, dim: dims, keepdim: bool = False)",
    _logsumexp,
    doc="log(sum(exp(x))) along dim, without overflow. Where the result is infinite, its gradient has NaN.",
    example="logsumexp([1., 2., 3.], 0)",
    samples=["logsumexp(x, 0); x:2,3", "logsumexp(x, (0, 1)); x:2,3", "logsumexp(x, -1, True); x:2,3"],
    aliases=["special.logsumexp"],
)


def _sum_to_size(x: Node, size: Shape) -> Node:
    """Sum over the dims that broadcasting from `size` to the shape of x added or stretched."""
    if not size:
        return ops.sum(x)  # type: ignore[no-any-return]
    lead = len(x.shape) - len(size)
    stretched = [
        i for i, (small, large) in enumerate(zip(size, x.shape[max(lead, 0) :], strict=False), lead) if small != large
    ]
    if lead < 0 or any(size[i - lead] != 1 for i in stretched):
        raise AutodiffError(
            "shape-mismatch",
            f"size {{{list(size)}}} is not expandable to size {{{list(x.shape)}}}.",
            operands=(0, 1),
        )
    gone = (*range(lead), *stretched)
    if gone:
        x = SUM(x, gone, True)
    return ops.view(x, size) if lead else x


composite(
    "sum_to_size(x, size: sizes)",
    _sum_to_size,
    doc="Sum x to a shape that broadcasts to the shape of x.",
    example="sum_to_size([[1., 2.], [3., 4.]], 1, 2)",
    samples=["sum_to_size(x^2, 1, 3); x:2,3", "sum_to_size(x, 3); x:2,3"],
)
