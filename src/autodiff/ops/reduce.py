"""Reductions: sums, means …, of all elements or along dims."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import Primitive, broadcast_to, composite, convert, ops
from autodiff.graph.sizes import Dim, Shape, reduced
from autodiff.ops.create import NUMEL as numel


def reduced_shape(x: Node, dim: Any, keepdim: bool, *_: Any) -> Shape:
    """Shape rule of reductions whose arguments begin (x, dim, keepdim)."""
    return reduced(x.shape, dim, keepdim)


def spread(g: Node, x: Node, dim: tuple[int, ...] | None, keepdim: bool) -> Node:
    """The cotangent of a reduction, seen with the shape of its operand."""
    if not keepdim and dim is not None:
        for d in sorted(dim):
            g = ops.unsqueeze(g, d)
    return broadcast_to(g, x.shape)


SUM = Primitive(
    "sum(x, dim: dims? = None, keepdim: bool = False)",
    lambda x, dim, keepdim: np.sum(x, axis=dim, keepdims=keepdim),
    shape=reduced_shape,
    vjp=[lambda g, out, x, dim, keepdim: spread(g, x, dim, keepdim)],
    grad_fn=lambda x, dim, keepdim: "SumBackward0" if dim is None else "SumBackward1",
    doc="Sum of all elements, or along dim.",
)


def sum_dtype(dtype: DType) -> DType:
    """Sums of integers and truth values are int64."""
    return dtype if dtype.is_floating else dtypes.int64


def to_dtype(x: Node, dtype: DType | None) -> Node:
    return x if dtype is None or dtype is x.dtype else ops.to_copy(x, dtype)


SUM.dtype = lambda x, dim, keepdim: sum_dtype(x.dtype)


def _needs_floating(name: str, x: Node) -> None:
    if not x.dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype."
            f" Got: {x.dtype.long_name}",
            operands=(0,),
            help="make it floating: write the numbers with a point (3.), or x.double()",
        )


MEAN = Primitive(
    "mean(x, dim: dims? = None, keepdim: bool = False)",
    lambda x, dim, keepdim: np.mean(x, axis=dim, keepdims=keepdim),
    check=lambda x, dim, keepdim: _needs_floating("mean", x),
    shape=reduced_shape,
    vjp=[lambda g, out, x, dim, keepdim: spread(g, x, dim, keepdim) / (numel(x) / numel(out))],
    grad_fn=lambda x, dim, keepdim: "MeanBackward0" if dim is None else "MeanBackward1",
    doc="Mean of all elements, or along dim.",
)

sum_ = composite(
    "sum(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    lambda x, dim, keepdim, dtype: SUM(to_dtype(x, dtype), dim, keepdim),
    doc="Sum of all elements, or along dim. Integers and truth values are summed as int64.",
    example="sum([[1., 2.], [3., 4.]], dim=0)",
    samples=["sum(x); x:2,3", "sum(x, dim=1); x:2,3", "sum(x, (0, 2), keepdim=True); x:2,3,2"],
)
mean = composite(
    "mean(x, dim: dims? = None, keepdim: bool = False, *, dtype: dtype? = None)",
    lambda x, dim, keepdim, dtype: MEAN(to_dtype(x, dtype), dim, keepdim),
    doc="Mean of all elements, or along dim.",
    example="mean(2*([1., 2.] + 1)^2)",
    samples=["mean(x); x:2,3", "mean(x, dim=0); x:2,3", "mean(x, -1, True); x:2,3"],
)


def _sum_to_size(x: Node, size: Shape) -> Node:
    """Sum over the dims that broadcasting from `size` to the shape of x added or stretched."""
    lead = len(x.shape) - len(size)
    stretched = [i for i, (small, large) in enumerate(zip(size, x.shape[lead:], strict=True), lead) if small != large]
    dims: list[Dim] = [*range(lead), *stretched]
    if dims:
        x = SUM(x, tuple(dims), True)
    for _ in range(lead):
        x = ops.squeeze(x, (0,))
    return x


composite(
    "sum_to_size(x, size: sizes)",
    _sum_to_size,
    doc="Sum x to a shape that broadcasts to the shape of x.",
    example="sum_to_size([[1., 2.], [3., 4.]], 1, 2)",
)
