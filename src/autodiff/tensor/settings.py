"""Questions and settings that are about no tensor in particular: types, promotion, threads, printing."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.dtypes import DIMENSIONED, NUMBER, ZERO_DIM, DType
from autodiff.tensor import modes
from autodiff.tensor.small import PRINT, Device, Size
from autodiff.tensor.tensor import Tensor


class finfo:  # noqa: N801
    """The limits of a floating-point dtype. Source: PyTorch documentation, `torch.finfo`."""

    def __init__(self, type: DType | None = None) -> None:
        self._dtype = type or modes.get_default_dtype()
        if not self._dtype.is_floating:
            raise TypeError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{self._dtype}'"
            )
        info = np.finfo(self._dtype.numpy)
        self.bits = int(info.bits)
        self.eps = float(info.eps)
        self.max = float(info.max)
        self.min = float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(info.resolution)
        self.dtype = self._dtype.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g},"
            f" smallest_normal={self.tiny:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:  # noqa: N801
    """The limits of an integer dtype. Source: PyTorch documentation, `torch.iinfo`."""

    def __init__(self, type: DType) -> None:
        if type.kind != dtypes.INTEGER:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type}'")
        info = np.iinfo(type.numpy)
        self.bits = int(info.bits)
        self.max = int(info.max)
        self.min = int(info.min)
        self.dtype = type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"


def promote_types(type1: DType, type2: DType) -> DType:
    """The smallest dtype that both convert to."""
    return dtypes.promote(type1, type2)


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype of arithmetic on two tensors or numbers."""

    def form(value: Any) -> tuple[DType, int]:
        if isinstance(value, Tensor):
            return value.dtype, DIMENSIONED if value.ndim else ZERO_DIM
        return dtypes.of_number(value), NUMBER

    with dtypes.using_default_dtype(modes.get_default_dtype()):
        return dtypes.result_type([form(tensor1), form(tensor2)])


def can_cast(from_: DType, to: DType) -> bool:
    """Whether arithmetic may convert in place from one dtype to the other."""
    return from_.kind <= to.kind


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape of arithmetic on tensors of these shapes; raises RuntimeError where there is none."""
    try:
        return Size(np.broadcast_shapes(*shapes))
    except ValueError as error:
        raise RuntimeError("Shape mismatch: objects cannot be broadcast to a single shape") from error


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating-point numbers."""
    return input.dtype.is_floating


def is_complex(input: Tensor) -> bool:
    """False: there are no complex tensors."""
    return False


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero."""
    return bool(input)


def typename(value: Any) -> str:
    """The name of a tensor's or object's type."""
    return str(value.type()) if isinstance(value, Tensor) else type(value).__name__


def set_default_device(device: Any) -> None:
    """Nothing: there is one device; raises RuntimeError for others."""
    Device(device)


def set_default_tensor_type(type: Any) -> None:
    """Nothing but for float and double."""
    if isinstance(type, str):
        modes.set_default_dtype(dtypes.float64 if "Double" in type else dtypes.float32)


def set_num_threads(count: int) -> None:
    """Nothing."""


def get_num_threads() -> int:
    """1."""
    return 1


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing: they are."""


def compile(model: Any = None, **_: Any) -> Any:
    """The function as it is."""
    return model if model is not None else lambda function: function


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Say how tensors print: digits, how many elements before there are dots, the width of lines, exponents.

    Raises ValueError for more than 100 digits.  Source: PyTorch documentation, `torch.set_printoptions`.
    """
    if precision is not None and not 0 <= precision <= 100:
        raise ValueError("precision is a number of digits up to 100")
    profiles = {"default": (4, 1000, 3, 80), "short": (2, 1000, 2, 80), "full": (4, float("inf"), 3, 80)}
    if profile is not None:
        PRINT.update(zip(("precision", "threshold", "edgeitems", "linewidth"), profiles[profile], strict=True))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    PRINT.update({key: value for key, value in given.items() if value is not None})
    PRINT["sci_mode"] = sci_mode
