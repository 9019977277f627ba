"""Quantiles: between which sorted elements they fall, and how they are interpolated."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, as_operand, convert
from autodiff.graph.sizes import Dim, Shape, normalize_dim, numel, reduced
from autodiff.graph.values import tensor
from autodiff.ops.arithmetic import MUL_NUMBER
from autodiff.ops.create import SIZE, full_like
from autodiff.ops.ordering import SORT
from autodiff.ops.reduce import SUM, invalid_combination

MODES = ("linear", "lower", "higher", "midpoint", "nearest")


def _levels(q: Any) -> Any:
    if not np.all((np.asarray(q) >= 0) & (np.asarray(q) <= 1)):
        raise AutodiffError("bad-value", "quantile() q values must be in the range [0, 1]", operands=(1,))
    return q


CHECKED = Primitive(
    "levels(x)",
    _levels,
    shape=lambda x: x.shape,
    vjp=[lambda g, out, x: g],
    hidden=True,
    doc="x, checked to be between 0 and 1.",
)

# PyTorch shapes the result in place; in its graph these have names of their own.
SQUEEZED = Primitive(
    "squeeze(x, dim: dim)",
    lambda x, dim: np.squeeze(x, dim),
    shape=lambda x, dim: (*x.shape[:dim], *x.shape[dim + 1 :]),
    vjp=[lambda g, out, x, dim: ops.unsqueeze(g, dim)],
    grad_fn="SqueezeBackward4",
    doc="x without a dim of size one.",
)
UNSQUEEZED = Primitive(
    "unsqueeze(x, dim: newdim)",
    np.expand_dims,
    shape=lambda x, dim: (*x.shape[:dim], 1, *x.shape[dim:]),
    vjp=[lambda g, out, x, dim: ops.squeeze(g, dim)],
    grad_fn="UnsqueezeBackward1",
    doc="x with a dim of size one.",
)


def _swapped_shape(x: Node, dim0: int, dim1: int) -> Shape:
    shape = list(x.shape)
    shape[dim0], shape[dim1] = shape[dim1], shape[dim0]
    return tuple(shape)


TRANSPOSED = Primitive(
    "transpose(x, dim0: dim, dim1: dim)",
    np.swapaxes,
    shape=_swapped_shape,
    vjp=[lambda g, out, x, dim0, dim1: ops.transpose(g, dim0, dim1)],
    grad_fn="TransposeBackward1",
    doc="x with two dims exchanged.",
)


def _check(name: str, x: Node, q: Any, dim: Any, interpolation: str) -> Node:
    """q as a tensor; raises PyTorch's errors."""
    if isinstance(q, list):
        q = tensor(q)
    if isinstance(q, Node):
        pass
    elif not isinstance(q, (str, tuple)) and q is not None:
        if not 0 <= q <= 1:
            raise AutodiffError(
                "bad-value", f"quantile() q must be in the range [0, 1] but got {float(q):g}", operands=(1,)
            )
        q = convert(as_operand(q), x.dtype) if x.dtype.is_floating else as_operand(q)
    else:
        raise invalid_combination(name, x, q)
    if numel(x.shape) == 0:
        raise AutodiffError("shape-mismatch", "quantile() input tensor must be non-empty", operands=(0,))
    if len(q.shape) > 1:
        raise AutodiffError("bad-rank", "quantile() q must be a scalar or 1D tensor", operands=(1,))
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise AutodiffError("bad-dtype", "quantile() input tensor must be either float or double dtype", operands=(0,))
    if q.dtype is not x.dtype and not q.weak:
        raise AutodiffError("bad-dtype", "quantile() q tensor must be same dtype as the input tensor", operands=(0, 1))
    if interpolation not in MODES:
        raise AutodiffError(
            "bad-value",
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got"
            f" {interpolation}",
            operands=(4,),
        )
    return q  # type: ignore[no-any-return]


def _sorted_last(x: Node, dim: int | None, keepdim: bool) -> tuple[Node, Shape]:
    """The elements in order along a new last dim, and the shape of what is in front of it."""
    if dim is None:
        front: Shape = (1,) * len(x.shape) if keepdim else ()
        flat = x if len(x.shape) == 1 else ops.reshape(x, (-1,))
        return SORT(flat, 0, False, None)[0], front
    front = reduced(x.shape, (dim,), keepdim)
    if dim == len(x.shape) - 1:
        return SORT(x, dim, False, None)[0], front
    last = ops.transpose(ops.unsqueeze(x, -1), dim, len(x.shape))
    return SORT(last, len(x.shape), False, None)[0], front


def _ranks(ordered: Node, q: Node, skip_nan: bool) -> Node:
    """Where in the order each quantile falls, as a broken number; at a NaN if that is the answer."""
    missing = ops.isnan(ordered)
    last = len(ordered.shape) - 1
    if skip_nan:
        count = SUM(ops.logical_not(missing), (last,), True)
        ranks = q * (count - 1)
        return ops.masked_fill(ranks, ranks < 0, 0)  # type: ignore[no-any-return]
    top = SIZE(ordered, last) - 1
    ranks = MUL_NUMBER(q, top)
    found = ops.any(missing, (last,), True)
    shape = (*ordered.shape[:-1], *(q.shape or (1,)))
    if shape != ranks.shape:
        ranks = ops.expand(ranks, shape)
    return ops.masked_fill(ranks, ops.expand(found, shape), top)  # type: ignore[no-any-return]


def _quantile(name: str, skip_nan: bool) -> Any:
    def compute(x: Node, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Node:
        q = CHECKED(_check(name, x, q, dim, interpolation))
        if dim is not None:
            dim = normalize_dim(dim, len(x.shape))
        several = len(q.shape) > 0
        ordered, front = _sorted_last(x, dim, keepdim)
        size: Dim = ordered.shape[-1] if ordered.shape else 1
        ordered = ops.view(ordered, (*front, size))
        ranks = _ranks(ordered, q, skip_nan)
        rounded = {"lower": ops.floor, "higher": ops.ceil, "nearest": ops.round}.get(interpolation)
        if rounded is not None:
            ranks = rounded(ranks)
        below = convert(ranks, dtypes.int64)
        shape = (*front, *(q.shape or (1,)))
        axis = len(front)
        result = ops.gather(ordered, axis, _stretched(below, shape))
        if rounded is None:
            weight = full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - below
            above = convert(ops.ceil(ranks), dtypes.int64)
            result = ops.lerp(result, ops.gather(ordered, axis, _stretched(above, shape)), weight)
        if several:
            result = TRANSPOSED(UNSQUEEZED(result, 0), 0, axis + 1)
            return SQUEEZED(result, axis + 1)  # type: ignore[no-any-return]
        return SQUEEZED(result, axis)  # type: ignore[no-any-return]

    return compute


def _stretched(indices: Node, shape: Shape) -> Node:
    return indices if indices.shape == shape else ops.expand(indices, shape)


def _declare(name: str, skip_nan: bool, doc: str) -> None:
    composite(
        f"{name}(x, q: any, dim: int? = None, keepdim: bool = False, *, interpolation: str = 'linear')",
        _quantile(name, skip_nan),
        doc=doc,
        example=f"{name}([3., 1., 2., 5.], 0.5)",
        samples=[
            f"{name}(x, 0.3); x:2,3",
            f"{name}(x, 0.6, 1); x:2,4",
            f"{name}(x, 0.6, 0, True, interpolation='midpoint'); x:4,2",
            f"{name}(x, 0.4, interpolation='lower'); x:5",
            f"{name}(x, tensor([0.2, 0.7]), 1); x:2,4",
        ],
        kinks="The elements between which the quantile falls get the gradient, by their weights.",
    )


_declare("quantile", False, "The q-quantile (q from 0 to 1) of all elements or along dim; NaN if an element is NaN.")
_declare("nanquantile", True, "The q-quantile (q from 0 to 1) of the elements that are not NaN.")
