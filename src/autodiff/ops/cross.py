"""The cross product."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import broadcast, normalize_dim
from autodiff.ops.checks import not_implemented
from autodiff.ops.matrices import widen


def _cross_kernel(x: Any, y: Any, dim: int) -> Any:
    a, b = np.moveaxis(x, dim, 0), np.moveaxis(y, dim, 0)
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], axis=dim)


CROSS: Primitive = Primitive(
    "cross(x, y, dim: dim)",
    _cross_kernel,
    shape=lambda x, y, dim: x.shape,
    vjp=[lambda g, out, x, y, dim: CROSS(y, g, dim), lambda g, out, x, y, dim: CROSS(g, x, dim)],
    grad_fn="LinalgCrossBackward0",
    text="cross(x, y, dim=dim)",
    doc="The cross product along dim.",
)


def _cross(x: Node, y: Node, dim: int) -> Node:
    if len(x.shape) != len(y.shape):
        raise AutodiffError(
            "shape-mismatch", "linalg.cross: inputs must have the same number of dimensions.", operands=(0, 1)
        )
    if not x.shape:
        raise AutodiffError(
            "dim-out-of-range",
            f"Dimension specified as {dim} but tensor has no dimensions",
            type="IndexError",
            operands=(0,),
        )
    place = normalize_dim(dim, len(x.shape))
    if x.shape[place] != 3 or y.shape[place] != 3:
        raise AutodiffError(
            "shape-mismatch",
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {x.shape[place]} and {y.shape[place]}",
            operands=(0, 1),
            help="a cross product is of vectors of three elements",
        )
    shape = broadcast(x.shape, y.shape)
    if x.dtype is not y.dtype:
        raise AutodiffError(
            "bad-dtype", f"expected scalar type {x.dtype.long_name} but found {y.dtype.long_name}", operands=(0, 1)
        )
    if x.dtype is dtypes.bool_:
        raise not_implemented("cross", x.dtype)
    return CROSS(widen(x, shape), widen(y, shape), place)  # type: ignore[no-any-return]


def _cross_anywhere(x: Node, y: Node, dim: int | None) -> Node:
    if dim is None:
        if 3 not in x.shape:
            raise AutodiffError("shape-mismatch", "no dimension of size 3 in input", operands=(0,))
        dim = x.shape.index(3)
    return _cross(x, y, dim)


composite(
    "linalg.cross(x, y, *, dim: int = -1)",
    _cross,
    doc="The cross product of vectors of three elements, along dim.",
    example="linalg.cross([1., 0., 0.], [0., 1., 0.])",
    samples=["linalg.cross(x, y); x:2,3, y:2,3", "linalg.cross(x, y, dim=0); x:3,2, y:3,1"],
)
composite(
    "cross(x, y, dim: int? = None)",
    _cross_anywhere,
    doc="The cross product of vectors of three elements, along dim or the first dim of that size.",
    example="cross([1., 0., 0.], [0., 1., 0.])",
    samples=["cross(x, y); x:3,2, y:3,2", "cross(x, y, -1); x:2,3, y:1,3"],
)
