"""Element types and PyTorch's type promotion.

Promotion knows three categories of operand: tensors with dimensions, zero-dimensional tensors, and plain
numbers.  A category only matters when it brings a higher *kind* (bool < integer < floating) than the ones
above it.  Source: PyTorch documentation, `torch.result_type`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from autodiff.errors import AutodiffError

BOOL, INTEGER, FLOATING, COMPLEX = range(4)


class DType:
    """One element type; compare with `is`."""

    __slots__ = ("kind", "long_name", "name", "numpy", "size")

    def __init__(self, name: str, kind: int, long_name: str) -> None:
        self.name = name
        self.kind = kind
        self.long_name = long_name
        self.numpy = np.dtype(name)
        self.size = self.numpy.itemsize

    @property
    def is_floating(self) -> bool:
        return self.kind >= FLOATING

    # PyTorch's names, for who holds one.

    @property
    def is_floating_point(self) -> bool:
        return self.kind >= FLOATING

    @property
    def is_complex(self) -> bool:
        return False

    @property
    def is_signed(self) -> bool:
        return self.numpy.kind in "if"

    @property
    def itemsize(self) -> int:
        return self.size

    def __repr__(self) -> str:
        return f"torch.{self.name}"


bool_ = DType("bool", BOOL, "Bool")
uint8 = DType("uint8", INTEGER, "Byte")
int8 = DType("int8", INTEGER, "Char")
int16 = DType("int16", INTEGER, "Short")
int32 = DType("int32", INTEGER, "Int")
int64 = DType("int64", INTEGER, "Long")
float16 = DType("float16", FLOATING, "Half")
float32 = DType("float32", FLOATING, "Float")
float64 = DType("float64", FLOATING, "Double")

DTYPES: dict[str, DType] = {d.name: d for d in (bool_, uint8, int8, int16, int32, int64, float16, float32, float64)}
ALIASES = {"float": float32, "double": float64, "half": float16, "int": int32, "long": int64, "short": int16}

_of_numpy = {d.numpy: d for d in DTYPES.values()}
defaults = [float64]  # what a Python float becomes: the last one


def dtype_of(array: np.ndarray | np.generic) -> DType:
    """The element type of an array; raises `bad-dtype` for what tensors cannot hold."""
    found = _of_numpy.get(array.dtype) or _of_numpy.get(array.dtype.newbyteorder("="))
    if found is None:
        raise AutodiffError(
            "bad-dtype",
            f"can't convert np.ndarray of type {array.dtype}",
            type="TypeError",
            help="use one of " + ", ".join(DTYPES),
        )
    return found


def default_dtype() -> DType:
    """What a Python float becomes: float64 in `eval`, float32 in programs."""
    return defaults[-1]


@contextmanager
def using_default_dtype(dtype: DType) -> Iterator[None]:
    defaults.append(dtype)
    try:
        yield
    finally:
        defaults.pop()


def promote(a: DType, b: DType) -> DType:
    """The smallest type that both convert to, as `torch.promote_types`."""
    if a is b:
        return a
    if a.kind != b.kind:
        return a if a.kind > b.kind else b
    return _of_numpy[np.promote_types(a.numpy, b.numpy)]


def of_number(value: object) -> DType:
    """The type a plain number stands for: bool, int64, or the default floating type."""
    if isinstance(value, bool):
        return bool_
    return int64 if isinstance(value, int) else default_dtype()


DIMENSIONED, ZERO_DIM, NUMBER = range(3)


def result_type(operands: Iterable[tuple[DType, int]]) -> DType:
    """Common type of operands given as (dtype, category)."""
    best: list[DType | None] = [None, None, None]
    for dtype, category in operands:
        seen = best[category]
        best[category] = dtype if seen is None else promote(seen, dtype)
    result: DType | None = None
    for lower in best:
        if lower is None or (result is not None and result.kind >= FLOATING):
            continue
        if result is None:
            result = lower
        elif result.kind == BOOL or lower.kind >= FLOATING:
            result = promote(result, lower)
    assert result is not None
    return result
