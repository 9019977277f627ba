"""What is there, and how often: distinct elements, membership, histograms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import INTEGER
from autodiff.graph.evaluate import values_of
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, constant, none, primitive
from autodiff.graph.sizes import normalize_dim
from autodiff.ops.checks import not_differentiable, not_implemented

MESSAGE = "the derivative for '{}' is not implemented."


def _known(name: str, grad_fn: str) -> Primitive:
    """A result whose values the shape already depended on; PyTorch tracks a gradient that it cannot compute."""
    return Primitive(
        f"{name}(x, found: any)",
        lambda x, found: found,
        shape=lambda x, found: found.shape,
        vjp=[not_differentiable(name, MESSAGE)],
        grad_fn=grad_fn,
        doc="Distinct elements.",
    )


UNIQUE = _known("_unique2", "Unique2Backward0")
UNIQUE_DIM = _known("unique_dim", "UniqueDimBackward0")
UNIQUE_CONSECUTIVE = _known("unique_consecutive", "UniqueConsecutiveBackward0")


def _counted(operation: Primitive, x: Node, found: Any, inverse: Any, counts: Any) -> Any:
    """One result, or a tuple with what else was asked for."""
    first = operation(x, found)
    rest = [constant(np.asarray(array, np.int64)) for array in (inverse, counts) if array is not None]
    return (first, *rest) if rest else first


def _check_dims(x: Node, dim: int) -> None:
    if not x.shape:
        message = f"Dimension specified as {dim} but tensor has no dimensions"
        raise AutodiffError("dim-out-of-range", message, type="IndexError", operands=(0,))


def _unique(x: Node, sorted: bool, return_inverse: bool, return_counts: bool, dim: int | None) -> Any:
    values = np.asarray(values_of(x), order="C")
    if dim is not None:
        _check_dims(x, dim)
        dim = normalize_dim(dim, len(x.shape))
        if values.ndim and not values.size and values.shape[dim]:
            message = "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
            raise AutodiffError("bad-value", message, operands=(0,))
    found, inverse, counts = np.unique(values, return_inverse=True, return_counts=True, axis=dim, equal_nan=False)
    shape = (values.shape[dim],) if dim is not None else values.shape
    return _counted(
        UNIQUE if dim is None else UNIQUE_DIM,
        x,
        found,
        np.reshape(inverse, shape) if return_inverse else None,
        counts if return_counts else None,
    )


composite(
    "unique(x, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int? = None)",
    _unique,
    doc="Distinct elements (slices along dim), rising; with return_inverse also where each element went, with"
    " return_counts how often it occurred. NaN differs from NaN.",
    example="unique([3., 1., 3.])",
    samples=["x + unique([3., 1., 3.]); x:2", "x + unique([[3., 1.], [3., 1.]], dim=0); x:1,2"],
)


def _unique_consecutive(x: Node, return_inverse: bool, return_counts: bool, dim: int | None) -> Any:
    values = values_of(x)
    if dim is not None:
        _check_dims(x, dim)
    axis = 0 if dim is None else normalize_dim(dim, len(x.shape))
    rows = values.reshape(-1) if dim is None or not values.ndim else np.moveaxis(values, axis, 0)
    flat = rows.reshape(len(rows), -1) if rows.size else np.zeros((len(rows), 0), rows.dtype)
    starts = np.ones(len(rows), bool)
    starts[1:] = (flat[1:] != flat[:-1]).any(-1)
    found = rows[starts]
    inverse = np.cumsum(starts) - 1
    return _counted(
        UNIQUE_CONSECUTIVE,
        x,
        np.ascontiguousarray(found if dim is None or not values.ndim else np.moveaxis(found, 0, axis)),
        (np.reshape(inverse, values.shape) if dim is None else inverse) if return_inverse else None,
        np.diff(np.append(np.flatnonzero(starts), len(rows))) if return_counts else None,
    )


composite(
    "unique_consecutive(x, return_inverse: bool = False, return_counts: bool = False, dim: int? = None)",
    _unique_consecutive,
    doc="The elements (slices along dim) that differ from the one before.",
    example="unique_consecutive([1., 1., 2., 1.])",
    samples=["x + unique_consecutive([1., 1., 2., 1.]); x:3"],
)


# Membership

ISIN = Primitive(
    "isin(x, y, invert: bool)",
    lambda x, y, invert: np.isin(x, y, invert=invert),
    shape=lambda x, y, invert: x.shape,
    dtype=lambda x, y, invert: dtypes.bool_,
    doc="Which elements of x are among those of y.",
)


def _isin(elements: Node, test_elements: Node, assume_unique: bool, invert: bool) -> Node:
    for position, node in enumerate((elements, test_elements)):
        if node.dtype is dtypes.bool_:
            message = "Unsupported input type encountered for isin(): Bool"
            raise AutodiffError("bad-dtype", message, operands=(position,))
    return ISIN(elements, test_elements, invert)  # type: ignore[no-any-return]


composite(
    "isin(elements, test_elements, *, assume_unique: bool = False, invert: bool = False)",
    _isin,
    doc="Which elements are among the test elements (or, with invert, are not).",
    example="isin([1., 2., 3.], [2., 3.])",
)


# Histograms


def _histc_kernel(x: Any, bins: int, low: float, high: float) -> Any:
    x = np.asarray(x).reshape(-1)
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        shown = ", ".join("-nan" if math.isnan(v) else f"{v:g}" for v in (low, high))
        raise AutodiffError("bad-value", f"torch.histc: range of [{shown}] is not finite", operands=(0,))
    if low == high:
        low, high = low - 1, high + 1
    x = x[(x >= low) & (x <= high)]
    if not math.isfinite(high - low):  # PyTorch counts nothing then
        x = x[:0]
    places = ((x - low) / (high - low) * bins).astype(np.int64)
    return np.bincount(np.minimum(places, bins - 1), minlength=bins).astype(x.dtype)


def _check_histc(x: Node, bins: int, min: Any, max: Any) -> None:
    if not x.dtype.is_floating:
        raise not_implemented("histogram_cpu", x.dtype)
    if bins <= 0:
        message = f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0"
        raise AutodiffError("bad-value", message, operands=(1,))
    if max < min:
        raise AutodiffError("bad-value", "torch.histc: max must be larger than min", operands=(2, 3))


primitive(
    "histc(x, bins: int = 100, min: Number = 0, max: Number = 0)",
    _histc_kernel,
    check=_check_histc,
    shape=lambda x, bins, min, max: (bins,),
    doc="How many elements fall into each of equal bins from min to max (from the least to the largest element where"
    " min and max are equal); elements outside are not counted.",
    example="histc([1., 2., 1.], 4, 0, 3)",
)


def _bincount_kernel(x: Any, weights: Any, length: int) -> Any:
    dtype = np.int64 if weights is None else weights.dtype
    return np.bincount(x, weights, length).astype(dtype) if x.size else np.zeros(length, dtype)


BINCOUNT = Primitive(
    "bincount(x, weights: Tensor?, length: int)",
    _bincount_kernel,
    shape=lambda x, weights, length: (length,),
    dtype=lambda x, weights, length: dtypes.int64 if weights is None else weights.dtype,
    vjp=[none, not_differentiable("bincount")],
    grad_fn="NotImplemented",
    edges=lambda x, weights, length: [weights],
    doc="How often each number occurs, or what its weights add up to.",
)


def _bincount(x: Node, weights: Node | None, minlength: int) -> Node:
    if minlength < 0:
        raise AutodiffError("bad-value", "minlength should be >= 0", operands=(2,))
    if x.dtype.kind != INTEGER:
        raise not_implemented("bincount_cpu", x.dtype)
    values = values_of(x)
    if values.ndim != 1 or (values.size and values.min() < 0):
        raise AutodiffError("bad-value", "bincount only supports 1-d non-negative integral inputs.", operands=(0,))
    if weights is not None and weights.shape != x.shape:
        message = "weights should be 1-d and have the same length as input"
        raise AutodiffError("shape-mismatch", message, operands=(0, 1))
    if weights is not None and weights.dtype is not dtypes.float32:
        weights = ops.to_copy(weights, dtypes.float64)
    return BINCOUNT(x, weights, max(minlength, int(values.max(initial=-1)) + 1))  # type: ignore[no-any-return]


composite(
    "bincount(x, weights: Tensor? = None, minlength: int = 0)",
    _bincount,
    doc="How often each of 0, 1, 2, … occurs among non-negative integers, or what the weights of each add up to;"
    " PyTorch has no derivative for it.",
    example="bincount(tensor([1, 2, 2]), minlength=5)",
    samples=["x*bincount(tensor([0, 1, 1]), [1., 2., 3.]); x:2"],
)


def _nonzero_static(x: Node, size: int, fill_value: int) -> Node:
    if size < 0:
        message = "nonzero_static: 'size' must be an non-negative integer"
        raise AutodiffError("bad-value", message, operands=(1,))
    found = np.stack(np.nonzero(np.atleast_1d(values_of(x))), axis=1)[:size, : len(x.shape)]
    rest = ops.full((size - len(found), len(x.shape)), fill_value, dtype=dtypes.int64)
    return ops.cat([constant(found), rest], 0)  # type: ignore[no-any-return]


composite(
    "nonzero_static(x, *, size: int, fill_value: int = -1)",
    _nonzero_static,
    doc="The places of the first elements that are not zero, as so many rows; what is left is fill_value.",
    example="nonzero_static([1., 0., 2.], size=3)",
)
