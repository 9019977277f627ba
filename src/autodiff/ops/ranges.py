"""Tensors whose elements follow from their places: ranges, the identity, the indices of triangles."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Dim, Size
from autodiff.graph.values import real
from autodiff.ops.create import fitting

Plain = int | float


def _no_bool(dtype: DType, function: str) -> None:
    if dtype is dtypes.bool_:
        raise AutodiffError("bad-dtype", f"\"{function}\" not implemented for 'Bool'", type="NotImplementedError")


def _range_bounds(start: Any, end: Any, step: Any, dtype: DType) -> tuple[Plain, Plain, Plain]:
    """Plain floats (or the integers of int64, as PyTorch counts in them); raises for ranges that do not end."""
    bounds: tuple[Any, ...] = tuple(real(v) if isinstance(v, Fraction) else v for v in (start, end, step))
    if not all(math.isfinite(v) for v in bounds[:2]):
        if dtype.is_floating:
            message = f"unsupported range: {float(bounds[0]):g} -> {float(bounds[1]):g}"
        else:
            message = "value cannot be converted to type int64_t without overflow"
        raise AutodiffError("bad-value", message)
    if not dtype.is_floating:
        whole = tuple(int(v) for v in bounds) if math.isfinite(bounds[2]) else bounds
        if dtype is dtypes.int64:
            if whole[2] == 0 and bounds[2] != 0:
                raise AutodiffError("bad-value", "step must be nonzero", type="ValueError")
            bounds = whole
    if bounds[2] == 0:
        raise AutodiffError("bad-value", "step must be nonzero")
    if (bounds[1] - bounds[0]) * bounds[2] < 0:
        raise AutodiffError("bad-value", "upper bound and lower bound inconsistent with step sign")
    return bounds


def _count(low: Plain, high: Plain, step: Plain) -> int:
    if isinstance(low, int) and isinstance(high, int) and isinstance(step, int):
        return -((low - high) // step)
    size = (high - low) / step
    if not size < 2**63:
        raise AutodiffError("limit-size", "invalid size, possible overflow?")
    return math.ceil(size)


def _steps_kernel(start: Plain, step: Plain, count: int, dtype: DType) -> np.ndarray:
    if isinstance(start, int) and isinstance(step, int):
        return (start + step * np.arange(count)).astype(dtype.numpy)
    places = np.arange(count)
    lanes = _LANES.get(dtype.name)
    if lanes is None:
        return (start + step * np.arange(count, dtype=np.float64)).astype(dtype.numpy)
    base = _fused(start, step, places // lanes * lanes).astype(dtype.numpy)
    line = _fused(base, step, places % lanes).astype(dtype.numpy)
    rest = count // (2 * lanes) * 2 * lanes
    line[rest:] = _fused(start, step, places[rest:]).astype(dtype.numpy)
    return line


# PyTorch counts vector by vector: the first number of each is rounded, the others are counted from it, and what is left
# after pairs of vectors is counted from the start.  Multiplications and additions are fused.
_LANES = {"float32": 8, "float64": 4}


def _fused(start: Any, step: Plain, places: np.ndarray) -> np.ndarray:
    """start + step * places, rounded once to float64."""
    exact = np.longdouble
    return (exact(start) + exact(step) * places.astype(exact)).astype(np.float64)


STEPS = Primitive(
    "arange(start: Number, step: Number, count: int, dtype: dtype)",
    _steps_kernel,
    shape=lambda start, step, count, dtype: (count,),
    dtype=lambda start, step, count, dtype: dtype,
    doc="Numbers in equal steps.",
)


def _whole_numbers(*values: Any) -> DType:
    """int64 for plain integers, else the default floating type."""
    return dtypes.int64 if all(isinstance(v, int) for v in values) else dtypes.default_dtype()


def _arange(start: Any, end: Any, step: Any, dtype: DType | None) -> Node:
    if start is None and end is None:
        raise AutodiffError(
            "missing-argument",
            "arange() received an invalid combination of arguments - got (), but expected one of:",
            type="TypeError",
            help="arange(end), arange(start, end) or arange(start, end, step)",
        )
    if start is None or end is None:
        start, end = 0, end if start is None else start
    if start == 0 and isinstance(end, Size) and step == 1:
        return STEPS(0, 1, end, dtype or dtypes.int64)  # type: ignore[no-any-return]
    kind = dtype or _whole_numbers(start, end, step)
    _no_bool(kind, "arange_cpu")
    low, high, by = _range_bounds(start, end, step, kind)
    return STEPS(low, by, _count(low, high, by), kind)  # type: ignore[no-any-return]


composite(
    "arange(start: Number? = None, end: Number? = None, step: Number = 1, *, dtype: dtype? = None)",
    _arange,
    doc="Numbers from start (0) up to but not including end, in steps; integers if all three are.",
    example="arange(1, 2, 0.25)",
)


def _linspace_kernel(start: Plain, end: Plain, count: int, dtype: DType) -> np.ndarray:
    """Counted from both ends towards the middle, as PyTorch does, so that both ends are exact."""
    kind = dtype.numpy if dtype.is_floating and dtype is not dtypes.float16 else np.dtype(np.float64)
    low, high = np.asarray([start, end], dtype.numpy).astype(kind)
    if count <= 1:
        return np.full(count, low).astype(dtype.numpy)
    step = (high - low) / kind.type(count - 1)
    places = np.arange(count).astype(kind)
    upward, downward = low + step * places, high - step * places[::-1]
    line: np.ndarray = np.where(np.arange(count) < count // 2, upward, downward).astype(dtype.numpy)
    return line


LINSPACE = Primitive(
    "linspace(start: Number, end: Number, count: int, dtype: dtype)",
    _linspace_kernel,
    shape=lambda start, end, count, dtype: (count,),
    dtype=lambda start, end, count, dtype: dtype,
    doc="Evenly spaced numbers.",
)


def _linspace(start: Any, end: Any, steps: int, dtype: DType | None, name: str = "linspace") -> Node:
    kind = dtype or dtypes.default_dtype()
    if steps < 0:
        raise AutodiffError("bad-value", "number of steps must be non-negative")
    _no_bool(kind, f"{name}_cpu")
    return LINSPACE(fitting(start, kind), fitting(end, kind), steps, kind)  # type: ignore[no-any-return]


def _logspace(start: Any, end: Any, steps: int, base: Any, dtype: DType | None) -> Node:
    kind = dtype or dtypes.default_dtype()
    if not kind.is_floating:  # PyTorch cuts the ends off before it divides the way between them
        _no_bool(kind, "logspace_cpu")
        start, end = int(fitting(start, kind)), int(fitting(end, kind))
    powers = _linspace(start, end, steps, kind if kind.is_floating else dtypes.float64, "logspace")
    result = base**powers
    return result if result.dtype is kind else ops.to_copy(result, kind)  # type: ignore[no-any-return]


composite(
    "linspace(start: Number, end: Number, steps: int, *, dtype: dtype? = None)",
    _linspace,
    doc="Evenly spaced numbers from start to end, both included.",
    example="linspace(0, 1, 5)",
)
composite(
    "logspace(start: Number, end: Number, steps: int, base: Number = 10.0, *, dtype: dtype? = None)",
    _logspace,
    doc="base to the power of evenly spaced numbers from start to end.",
    example="logspace(0, 2, 3)",
)


# Matrices

EYE = Primitive(
    "eye(size: sizes, dtype: dtype)",
    lambda size, dtype: np.eye(*size, dtype=dtype.numpy),
    shape=lambda size, dtype: size,
    dtype=lambda size, dtype: dtype,
    doc="Ones on the diagonal.",
)


def _extent(value: Any, name: str, position: int) -> Dim:
    value = plain(value)
    if isinstance(value, bool) or not isinstance(value, (int, Size)):
        raise AutodiffError(
            "argument-type",
            f"eye(): argument '{name}' (position {position}) must be int, not {type_name(value)}",
            type="TypeError",
        )
    if isinstance(value, int) and value < 0:
        raise AutodiffError("bad-value", f"{name} must be greater or equal to 0, got {value}")
    return value


def _eye(n: Any, m: Any, dtype: DType | None) -> Node:
    rows = _extent(n, "n", 1)
    columns = rows if m is None else _extent(m, "m", 2)
    return EYE((rows, columns), dtype or dtypes.default_dtype())  # type: ignore[no-any-return]


composite(
    "eye(n: any, m: any = None, *, dtype: dtype? = None)",
    _eye,
    doc="The identity matrix of size n by n (or n by m).",
    example="eye(3)",
)


def _below(rows: int, columns: int, offset: int) -> int:
    """How many places of a matrix are on or below its diagonal number `offset`."""
    first = max(0, -offset)  # rows above it have none
    whole = min(max(columns - offset - 1, first), rows)  # rows from here on are complete
    part = max(whole - first, 0)
    return part * (2 * (first + offset + 1) + part - 1) // 2 + max(rows - max(whole, first), 0) * columns


def _indices_kernel(row: int, col: int, offset: int, upper: bool, dtype: DType) -> np.ndarray:
    if upper:  # what has no places takes no memory
        row = min(row, max(col - offset, 0))
    else:
        col = min(col, max(row + offset, 0))
    mask = np.tri(row, col, offset - upper, dtype=bool)
    return np.stack(np.nonzero(~mask if upper else mask)).astype(dtype.numpy)


INDICES = Primitive(
    "triangle_indices(row: int, col: int, offset: int, upper: bool, dtype: dtype)",
    _indices_kernel,
    shape=lambda row, col, offset, upper, dtype: (
        (2, row * col - _below(row, col, offset - 1)) if upper else (2, _below(row, col, offset))
    ),
    dtype=lambda row, col, offset, upper, dtype: dtype,
    doc="Rows and columns of the places in a triangle.",
)


def _triangle(name: str, upper: bool) -> None:
    def indices(row: int, col: int, offset: int, dtype: DType) -> Node:
        for value, label in ((row, "row"), (col, "col")):
            if value < 0:
                raise AutodiffError("bad-value", f"{label} must be non-negative, got{value}")
        if dtype not in (dtypes.int64, dtypes.int32):
            message = f"\"{name}\" not implemented for '{dtype.long_name}'"
            raise AutodiffError("bad-dtype", message, type="NotImplementedError")
        return INDICES(row, col, offset, upper, dtype)  # type: ignore[no-any-return]

    composite(
        f"{name}(row: int, col: int, offset: int = 0, *, dtype: dtype = 'int64')",
        lambda row, col, offset, dtype: indices(row, col, offset, dtypes.int64 if dtype == "int64" else dtype),
        doc=f"Rows and columns of the places on or {'above' if upper else 'below'} a diagonal of a matrix.",
        example=f"{name}(3, 3)",
    )


_triangle("tril_indices", upper=False)
_triangle("triu_indices", upper=True)
