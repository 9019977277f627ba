"""Tensors from nothing: constants of a shape, lists; and the shape of a tensor as numbers."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.dtypes import DType
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, Shape, Size, show
from autodiff.graph.values import real, tensor

FULL = Primitive(
    "full(value: Number, size: sizes, dtype: dtype)",
    lambda value, size, dtype: np.full(size, value, dtype.numpy),
    shape=lambda value, size, dtype: size,
    dtype=lambda value, size, dtype: dtype,
    doc="A tensor of one value.",
)

# The names of C++ that PyTorch's messages about numbers out of range use.
_C_NAMES = {"int32": "int", "float32": "float", "float16": "c10::Half", "float64": "double", "bool": "bool"}


def fitting(value: Any, dtype: DType) -> Any:
    """The number, if the dtype can hold it; raises `limit-number` with PyTorch's message."""
    number = real(value) if isinstance(value, Fraction) else value
    if dtype.is_floating:
        fits = not math.isfinite(number) or abs(number) <= np.finfo(dtype.numpy).max
    elif dtype is dtypes.bool_:
        fits = True
    else:
        info = np.iinfo(dtype.numpy)
        wraps = info.min == 0 and isinstance(number, int)
        low = -int(info.max) if wraps else int(info.min)
        fits = math.isfinite(number) and low <= number <= info.max
    if not fits:
        name = _C_NAMES.get(dtype.name, f"{dtype.name}_t")
        raise AutodiffError("limit-number", f"value cannot be converted to type {name} without overflow")
    return number


def _filled(size: Shape, value: Any, dtype: DType, name: str = "") -> Node:
    for dim in size:
        if isinstance(dim, int) and dim < 0:
            message = f"Trying to create tensor with negative dimension {dim}: {show(size)}"
            if name == "zeros":
                message = "zeros: Dimension size must be non-negative."
            raise AutodiffError("bad-value", message, help="a size is zero or more")
    number = fitting(value, dtype)
    if dtype is dtypes.uint8 and number < 0:
        number = int(number) % 256
    return FULL(number, size, dtype)  # type: ignore[no-any-return]


def int_list(function: str, name: str, position: int, value: Any) -> tuple[Dim, ...]:
    """An argument that must be several ints, where one alone will not do; raises PyTorch's TypeError."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        if all(isinstance(v, (int, Size)) and not isinstance(v, bool) for v in value):
            return tuple(value)
        bad = next(v for v in value if isinstance(v, bool) or not isinstance(v, (int, Size)))
        place = list(value).index(bad) + 1
        message = f'failed to unpack the object at pos {place} with error "type must be tuple of ints,but got'
        message += f' {type_name(bad)}"'
    else:
        message = f"(position {position}) must be tuple of ints, not {type_name(value)}"
    raise AutodiffError("argument-type", f"{function}(): argument '{name}' {message}", type="TypeError")


def int_or_ints(function: str, name: str, value: Any, gaps: bool = False) -> Any:
    """An argument that is an int or several, where `gaps` allows None among them; raises PyTorch's TypeError."""
    value = plain(value)
    several = isinstance(value, (list, tuple))
    for v in value if several else [value]:
        if isinstance(v, bool) or not (isinstance(v, int) or (gaps and several and v is None)):
            raise AutodiffError(
                "argument-type",
                f"{function}(): argument '{name}' must be tuple of ints, not {type_name(value)}",
                type="TypeError",
            )
        if v is not None and not -(2**63) <= v < 2**63:
            raise AutodiffError("limit-number", "Overflow when unpacking long long")
    return tuple(value) if several else value


def full_like(x: Node, value: float | int, dtype: DType | None = None) -> Node:
    """A constant of the shape and (unless said otherwise) dtype of x."""
    return FULL(value, x.shape, dtype or x.dtype)  # type: ignore[no-any-return]


composite(
    "full(size: any, fill_value: Number, *, dtype: dtype? = None)",
    lambda size, value, dtype: _filled(int_list("full", "size", 1, size), value, dtype or dtypes.of_number(value)),
    doc="A tensor of the given shape, every element fill_value.",
    example="full([2, 3], 7.)",
)
zeros = composite(
    "zeros(size: sizes, *, dtype: dtype? = None)",
    lambda size, dtype: _filled(size, 0, dtype or dtypes.default_dtype(), "zeros"),
    doc="Zeros of the given shape.",
    example="zeros(2, 3)",
)
ones = composite(
    "ones(size: sizes, *, dtype: dtype? = None)",
    lambda size, dtype: _filled(size, 1, dtype or dtypes.default_dtype()),
    doc="Ones of the given shape.",
    example="ones(2, 3)",
)
composite(
    "empty(size: sizes, *, dtype: dtype? = None)",
    lambda size, dtype: _filled(size, 0, dtype or dtypes.default_dtype()),
    doc="A tensor of the given shape whose values do not matter; here they are zeros.",
    example="empty(2, 3)",
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
composite(
    "empty_like(x, *, dtype: dtype? = None)",
    lambda x, dtype: full_like(x, 0, dtype),
    doc="A tensor of the shape and dtype of x whose values do not matter; here they are zeros.",
    example="empty_like([1., 2.])",
)
composite(
    "full_like(x, fill_value: Number, *, dtype: dtype? = None)",
    lambda x, value, dtype: _filled(x.shape, value, dtype or x.dtype),
    doc="A tensor of the shape and dtype of x, every element fill_value.",
    example="full_like([1., 2.], 7)",
)
composite(
    "new_zeros(x, size: sizes, *, dtype: dtype? = None)",
    lambda x, size, dtype: _filled(size, 0, dtype or x.dtype),
    doc="Zeros of the given shape and the dtype of x.",
    example="new_zeros([1., 2.], 2, 3)",
)
composite(
    "new_ones(x, size: sizes, *, dtype: dtype? = None)",
    lambda x, size, dtype: _filled(size, 1, dtype or x.dtype),
    doc="Ones of the given shape and the dtype of x.",
    example="new_ones([1., 2.], 2, 3)",
)
composite(
    "new_empty(x, size: sizes, *, dtype: dtype? = None)",
    lambda x, size, dtype: _filled(size, 0, dtype or x.dtype),
    doc="A tensor of the given shape and the dtype of x whose values do not matter; here they are zeros.",
    example="new_empty([1., 2.], 2, 3)",
)
composite(
    "new_full(x, size: sizes, fill_value: Number, *, dtype: dtype? = None)",
    lambda x, size, value, dtype: _filled(size, value, dtype or x.dtype),
    doc="A tensor of the given shape and the dtype of x, every element fill_value.",
    example="new_full([1., 2.], (2, 3), 7)",
)


# Tensors from lists


def _tensor(data: Any, dtype: DType | None) -> Node:
    """The values of `data` without its history, as `torch.tensor` copies."""
    if isinstance(data, str) or data is None:
        message = f"new(): invalid data type '{type_name(data)}'" if data else "Could not infer dtype of NoneType"
        raise AutodiffError("argument-type", message, type="TypeError" if data else "RuntimeError")
    node = tensor(data) if isinstance(data, Node) else tensor(data, dtype)
    if node.requires_grad:
        node = ops.detach(node)
    return node if dtype is None or node.dtype is dtype else ops.to_copy(node, dtype)


def _as_tensor(data: Any, dtype: DType | None) -> Node:
    if not isinstance(data, Node):
        return _tensor(data, dtype)
    node = tensor(data)
    return node if dtype is None or node.dtype is dtype else ops.to_copy(node, dtype)


composite(
    "tensor(data: any, *, dtype: dtype? = None)",
    _tensor,
    doc="A tensor from a number or nested lists. No gradient flows back into what the lists hold.",
    example="tensor([[1, 2], [3, 4]])",
)
composite(
    "as_tensor(data: any, dtype: dtype? = None)",
    _as_tensor,
    aliases=["asarray"],
    doc="A tensor from a number or nested lists; a tensor stays what it is.",
    example="as_tensor([[1, 2], [3, 4]])",
)
composite(
    "new_tensor(x, data: any, *, dtype: dtype? = None)",
    lambda x, data, dtype: _tensor(data, dtype or x.dtype),
    doc="A tensor from a number or nested lists, with the dtype of x.",
    example="new_tensor([1., 2.], [3, 4])",
)
composite(
    "scalar_tensor(s: Number, *, dtype: dtype? = None)",
    lambda s, dtype: _filled((), s, dtype or dtypes.default_dtype()),
    doc="A number as a tensor without dimensions.",
    example="scalar_tensor(3)",
)


# Shapes as numbers


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
    "size(x, dim: dim)",
    lambda shape, dim: shape[dim],
    reads_shape=True,
    doc="The extent of x along dim, a plain number.",
)
numel = composite(
    "numel(x)", NUMEL, doc="The number of elements of x, as a plain number.", example="numel([[1., 2.], [3., 4.]])"
)


# Random tensors


class _Refused(Composite):
    """A function that expressions do not have, with the reason."""

    __slots__ = ()

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> Any:
        raise AutodiffError(
            "bad-value",
            "random tensors need a seed: not available in expressions",
            says=f"{self.name} draws random numbers",
            help="give the values as a variable, or use autodiff run",
        )


for _name in (
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like",
    "normal", "bernoulli", "multinomial", "poisson",
):  # fmt: skip
    register(
        _Refused(
            f"{_name}(size: any)",
            lambda size: size,
            doc="Random numbers, which expressions do not have: give the numbers instead.",
            example="tensor([0.3, 0.8])",
        )
    )
