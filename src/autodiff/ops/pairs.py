"""Distances between all pairs of points: of two sets (cdist), or within one (pdist)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, constant
from autodiff.graph.sizes import Shape, broadcast, concrete, numel
from autodiff.ops.layout import VIEW, contiguous_copy
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import widen

BY_PRODUCT = 25  # more points than this, and Euclidean distances go through a matrix product


def _norm(diff: Any, p: float) -> Any:
    """The p-norm along the last axis."""
    size = np.abs(diff)
    if p == 0:
        return (diff != 0).sum(axis=-1).astype(diff.dtype)
    if p == math.inf:
        return size.max(axis=-1, initial=0)
    if p == 1:
        return size.sum(axis=-1)
    if p == 2:
        return np.sqrt(np.square(diff).sum(axis=-1))
    return np.power(np.power(size, p).sum(axis=-1), 1 / p)


def _slope(g: Node, diff: Node, distance: Node, p: float) -> Node:
    """The cotangent of differences whose p-norms are `distance`; zero where a distance is zero."""
    g, distance = ops.unsqueeze(g, -1), ops.unsqueeze(distance, -1)
    if p == 0:
        return ops.zeros_like(diff) * g  # type: ignore[no-any-return]
    if p == 1:
        return ops.sign(diff) * g  # type: ignore[no-any-return]
    if p == math.inf:
        return ops.where(ops.eq(ops.abs(diff), distance), ops.sign(diff), 0.0) * g  # type: ignore[no-any-return]
    nowhere = ops.eq(distance, 0)
    safe = ops.where(nowhere, 1.0, distance)
    if p == 2:
        return ops.where(nowhere, 0.0, diff / safe) * g  # type: ignore[no-any-return]
    still = ops.eq(diff, 0)
    size = ops.where(still, 1.0, ops.abs(diff))
    part = ops.where(still | nowhere, 0.0, ops.sign(diff) * (size / safe) ** (p - 1))
    return part * g  # type: ignore[no-any-return]


def _check_p(name: str, p: float) -> None:
    if p < 0:
        raise AutodiffError("bad-value", f"{name} only supports non-negative p values")


# Between two sets


def _differences(x1: Any, x2: Any) -> Any:
    return x1[..., :, None, :] - x2[..., None, :, :]


def _cdist_shape(x1: Node, x2: Node, *_: Any) -> Shape:
    return (*x1.shape[:-1], x2.shape[-2])


def _cdist_vjp(g: Node, out: Node, x1: Node, x2: Node, p: float) -> list[Node]:
    diff = ops.unsqueeze(x1, -2) - ops.unsqueeze(x2, -3)
    slope = _slope(g, diff, out, p)
    return [ops.sum(slope, (-2,)), -ops.sum(slope, (-3,))]


CDIST = Primitive(
    "cdist(x1, x2, p: any)",
    lambda x1, x2, p: _norm(_differences(x1, x2), p),
    shape=_cdist_shape,
    vjp_all=_cdist_vjp,
    doc="Distances between the points of two sets of the same leading dims.",
)


def _euclidean_kernel(x1: Any, x2: Any) -> Any:
    a, b = np.square(x1).sum(axis=-1), np.square(x2).sum(axis=-1)
    squares = a[..., :, None] + b[..., None, :] - 2 * np.matmul(x1, np.swapaxes(x2, -1, -2))
    return np.sqrt(np.maximum(squares, 0))


def _euclidean_vjp(g: Node, out: Node, x1: Node, x2: Node) -> list[Node]:
    nowhere = ops.eq(out, 0)
    ratio = ops.where(nowhere, 0.0, g / ops.where(nowhere, 1.0, out))
    return [
        x1 * ops.unsqueeze(ops.sum(ratio, (-1,)), -1) - matrix_product(ratio, x2),
        x2 * ops.unsqueeze(ops.sum(ratio, (-2,)), -1) - matrix_product(transposed(ratio), x1),
    ]


EUCLIDEAN = Primitive(
    "euclidean_dist(x1, x2)",
    _euclidean_kernel,
    shape=_cdist_shape,
    vjp_all=_euclidean_vjp,
    grad_fn="EuclideanDistBackward0",
    doc="Euclidean distances by way of a matrix product.",
)
MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def _check_cdist(x1: Node, x2: Node, p: float, mode: str) -> None:
    if mode not in MODES:
        raise AutodiffError(
            "bad-value", f"{mode} is not a valid value for compute_mode", type="ValueError", help=", ".join(MODES)
        )
    for position, x in enumerate((x1, x2)):
        if len(x.shape) < 2:
            raise AutodiffError(
                "bad-rank",
                f"cdist only supports at least 2D tensors, X{position + 1} got: {len(x.shape)}D",
                operands=(position,),
            )
    if x1.shape[-1] != x2.shape[-1]:
        raise AutodiffError(
            "shape-mismatch",
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}",
            operands=(0, 1),
        )
    for position, x in enumerate((x1, x2)):
        if not x.dtype.is_floating:
            raise AutodiffError(
                "bad-dtype",
                f"cdist only supports floating-point dtypes, X{position + 1} got: {x.dtype.long_name}",
                operands=(position,),
            )
    _check_p("cdist", p)
    if x1.dtype is not x2.dtype:
        raise AutodiffError(
            "bad-dtype", f"expected scalar type {x1.dtype.long_name} but found {x2.dtype.long_name}", operands=(0, 1)
        )


def _cdist(x1: Node, x2: Node, p: Any, compute_mode: str) -> Node:
    p = float(p)
    _check_cdist(x1, x2, p, compute_mode)
    batch = broadcast(x1.shape[:-2], x2.shape[:-2])
    shape1, shape2 = (*batch, *x1.shape[-2:]), (*batch, *x2.shape[-2:])
    many = any(isinstance(rows, int) and rows > BY_PRODUCT for rows in (x1.shape[-2], x2.shape[-2]))
    empty = 0 in shape1 or 0 in shape2
    if p != 2 or empty or compute_mode == MODES[2] or (compute_mode == MODES[0] and not many):
        return CDIST(widen(x1, shape1), widen(x2, shape2), p)  # type: ignore[no-any-return]
    if numel(batch) != 1:
        flat = numel(batch)
        x1 = VIEW(contiguous_copy(ops.expand(x1, shape1)), (flat, *shape1[-2:]))
        x2 = VIEW(contiguous_copy(ops.expand(x2, shape2)), (flat, *shape2[-2:]))
    return VIEW(EUCLIDEAN(x1, x2), (*batch, shape1[-2], shape2[-2]))  # type: ignore[no-any-return]


composite(
    f"cdist(x1, x2, p: Number = 2.0, compute_mode: str = '{MODES[0]}')",
    _cdist,
    doc="Distances between every point of x1 and every point of x2, in the p-norm.",
    kinks="where a distance is zero its gradient is zero; in the infinity norm each largest difference has all of it",
    example="cdist([[0., 0.], [3., 4.]], [[0., 0.]])",
    samples=[
        "cdist(x, y); x:3,2, y:2,2",
        "cdist(x, y, 1.0); x:2,3, y:2,3",
        "cdist(x, y, 3); x:2,2,3, y:2,3",
        "cdist(x, y, inf); x:2,3, y:2,3",
        "cdist(x, y, 2.0, 'use_mm_for_euclid_dist'); x:2,2,3, y:2,3",
    ],
)


# Within one set


def _pairs(n: int) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.triu_indices(n, 1)
    return first.astype(np.int64), second.astype(np.int64)


def _pdist_kernel(x: Any, p: float) -> Any:
    first, second = _pairs(x.shape[-2])
    return _norm(x[..., first, :] - x[..., second, :], p)


def _pdist_vjp(g: Node, out: Node, x: Node, p: float) -> Node:
    first, second = [constant(places) for places in _pairs(concrete(x.shape)[0])]
    diff = ops.index_select(x, 0, first) - ops.index_select(x, 0, second)
    slope = _slope(g, diff, out, p)
    half = ops.index_add(ops.zeros_like(x), 0, first, slope)
    return ops.index_add(half, 0, second, -slope)  # type: ignore[no-any-return]


def _check_pdist(x: Node, p: float) -> None:
    if len(x.shape) != 2:
        raise AutodiffError("bad-rank", f"pdist only supports 2D tensors, got: {len(x.shape)}D", operands=(0,))
    if not x.dtype.is_floating:
        raise AutodiffError("bad-dtype", "pdist only supports floating-point dtypes", operands=(0,))
    _check_p("pdist", p)


def _pdist_shape(x: Node, p: float) -> Shape:
    n = x.shape[0]
    if n in (0, 1):
        return (0,)
    (count,) = concrete((n,))
    return (count * (count - 1) // 2,)


PDIST = Primitive(
    "F.pdist(x, p: any)",
    _pdist_kernel,
    check=_check_pdist,
    shape=_pdist_shape,
    vjp=[_pdist_vjp],
    doc="Distances between the points of a set.",
)
composite(
    "F.pdist(x, p: Number = 2)",
    lambda x, p: PDIST(contiguous_copy(x), float(p)),
    doc="Distances between all pairs of rows of x, in the p-norm: the upper triangle of cdist(x, x), row by row.",
    kinks="as cdist",
    example="F.pdist([[0., 0.], [3., 4.], [0., 1.]])",
    samples=["F.pdist(x); x:4,2", "F.pdist(x, 1); x:3,2", "F.pdist(x, p=3); x:3,2"],
)
