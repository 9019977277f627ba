"""Tensors from nothing: constants of a shape, ranges; and the shape of a tensor as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import Primitive, composite, number, primitive
from autodiff.graph.sizes import Shape, numel as count_elements


def _filled_dtype(value: Any, shape: Shape, dtype: DType) -> DType:
    return dtype


FULL = Primitive(
    "full(value: Number, size: sizes, dtype: dtype)",
    lambda value, size, dtype: np.full(size, value, dtype.numpy),
    shape=lambda value, size, dtype: size,
    dtype=_filled_dtype,
    doc="A tensor of one value.",
)


def full_like(x: Node, value: float | int, dtype: DType | None = None) -> Node:
    """A constant of the shape and (unless said otherwise) dtype of x."""
    return FULL(value, x.shape, dtype or x.dtype)  # type: ignore[no-any-return]


composite(
    "full(size: sizes, fill_value: Number, *, dtype: dtype? = None)",
    lambda size, value, dtype: FULL(value, size, dtype or dtypes.of_number(value)),
    doc="A tensor of the given shape, every element fill_value.",
    example="full([2, 3], 7.)",
)
zeros = composite(
    "zeros(size: sizes, *, dtype: dtype? = None)",
    lambda size, dtype: FULL(0, size, dtype or dtypes.default_dtype()),
    doc="Zeros of the given shape.",
    example="zeros(2, 3)",
)
ones = composite(
    "ones(size: sizes, *, dtype: dtype? = None)",
    lambda size, dtype: FULL(1, size, dtype or dtypes.default_dtype()),
    doc="Ones of the given shape.",
    example="ones(2, 3)",
)
zeros_like = composite(
    "zeros_like(x, *, dtype: dtype? = None)",
    lambda x, dtype: full_like(x, 0, dtype),
    doc="Zeros of the shape and dtype of x.",
    example="zeros_like([1., 2.])",
)
ones_like = composite(
    "ones_like(x, *, dtype: dtype? = None)",
    lambda x, dtype: full_like(x, 1, dtype),
    doc="Ones of the shape and dtype of x.",
    example="ones_like([1., 2.])",
)

_product = count_elements


class _ShapeNumber(Primitive):
    """A plain number that only the shape of the operand decides."""

    __slots__ = ()

    def make(self, values: Any) -> Node:
        inputs, params = self.separate(values)
        return Node(self, inputs, params, (), dtypes.int64, False, weak=True)


def _numel_kernel(shape: tuple[int, ...]) -> int:
    total = 1
    for dim in shape:
        total *= dim
    return total


NUMEL = _ShapeNumber("numel(x)", _numel_kernel, reads_shape=True, doc="The number of elements of x, a plain number.")
SIZE = _ShapeNumber(
    "size(x, dim: dim)", lambda shape, dim: shape[dim], reads_shape=True, doc="The extent of x along dim, a plain number."
)
numel = composite(
    "numel(x)", NUMEL, doc="The number of elements of x, as a plain number.", example="numel([[1., 2.], [3., 4.]])"
)
