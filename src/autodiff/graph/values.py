"""Tensors from nested lists, and the texts of numbers that JSON has no literals for."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import MAX_RANK, as_operand, constant, strengthen

NONFINITE = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def tensor(data: Any, dtype: DType | None = None) -> Node:
    """A tensor from a number or nested lists; lists that hold tensors are stacked."""
    if isinstance(data, Node):
        return strengthen(data, data.dtype)
    if isinstance(data, (list, tuple)) and _holds_nodes(data):
        return _stack(data)
    return constant(array(data, dtype))


def array(data: Any, dtype: DType | None = None) -> np.ndarray:
    """An array from a number or nested lists; raises `ragged-list`, `bad-value` or `limit-number`.

    Without a dtype: bool, int64 or the default floating type, whichever the elements need.
    """
    try:
        result = np.array(data)
    except (ValueError, OverflowError, TypeError, RecursionError):
        result = None
    if result is None or result.dtype.kind not in "biuf" or result.dtype == np.uint64 or _mixed(result):
        shape = _measure(data)
        flat = _flatten(data, len(shape))
        result = np.array(_common(flat, dtype)).reshape(shape)
    wanted = dtype or _natural(result)
    _check_range(result, wanted)
    with np.errstate(all="ignore"):
        return result.astype(wanted.numpy, copy=False)


def _mixed(result: np.ndarray) -> bool:
    """Whether these may be integers of which some fit into int64 alone and some into uint64 alone."""
    return result.dtype.kind == "f" and bool((np.abs(result) >= 2.0**63).any())


def _check_range(numbers: np.ndarray, dtype: DType) -> None:
    """Raise `limit-number` for numbers that an integer dtype has no room for; uint8 wraps integers from -255."""
    if dtype.numpy.kind not in "iu" or numbers.dtype.kind == "b" or not numbers.size:
        return
    if numbers.dtype.kind == "i" and dtype.numpy.itemsize == 8:
        return
    room = np.iinfo(dtype.numpy)
    lowest = -room.max if dtype.numpy.kind == "u" and numbers.dtype.kind == "i" else room.min
    if not (numbers.min() >= lowest and numbers.max() <= room.max):  # not so for NaN as well
        message = f"value cannot be converted to type {dtype.name} without overflow"
        help = f"{dtype.name} goes from {room.min} to {room.max}"
        raise AutodiffError("limit-number", message, help=help)


def _natural(result: np.ndarray) -> DType:
    if result.size == 0 or result.dtype.kind == "f":
        return dtypes.default_dtype()
    return dtypes.bool_ if result.dtype.kind == "b" else dtypes.int64


def _holds_nodes(data: Sequence[Any]) -> bool:
    stack = [data]
    while stack:
        for item in stack.pop():
            if isinstance(item, Node):
                return True
            if isinstance(item, (list, tuple)):
                stack.append(item)
    return False


def _stack(data: Sequence[Any]) -> Node:
    """Lists around tensors, innermost first."""
    pieces = []
    for item in data:
        if isinstance(item, (list, tuple)):
            pieces.append(tensor(item))
        else:
            node = as_operand(item if isinstance(item, Node) else _number(item))
            pieces.append(strengthen(node, node.dtype))
    return ops.stack(pieces, 0)  # type: ignore[no-any-return]


def _measure(data: Any) -> tuple[int, ...]:
    """The shape that nested lists have; raises PyTorch's error where they differ in length."""
    shape: list[int] = []
    level = [data]
    while level and isinstance(level[0], (list, tuple)):
        length = len(level[0])
        for item in level:
            got = len(item) if isinstance(item, (list, tuple)) else None
            if got is None:
                raise AutodiffError(
                    "ragged-list",
                    "not a sequence",
                    type="TypeError",
                    help=f"{_describe(item)} stands where a list of {length} is wanted",
                )
            if got != length:
                raise AutodiffError(
                    "ragged-list",
                    f"expected sequence of length {length} at dim {len(shape)} (got {got})",
                    type="ValueError",
                    help="the rows of a tensor all have the same length",
                )
        shape.append(length)
        if len(shape) > MAX_RANK:
            raise AutodiffError("limit-nesting", f"lists are nested deeper than {MAX_RANK} levels", type="ValueError")
        level = [inner for item in level for inner in item]
    return tuple(shape)


def _flatten(data: Any, depth: int) -> list[Any]:
    level = [data]
    for _ in range(depth):
        level = [inner for item in level for inner in item]
    return [_number(item) for item in level]


def _number(item: Any) -> bool | int | float:
    if isinstance(item, bool):
        return item
    if isinstance(item, str) and item in NONFINITE:
        return NONFINITE[item]
    if isinstance(item, int):
        return item
    if isinstance(item, float):
        return item
    if isinstance(item, Fraction):
        return real(item)
    if isinstance(item, (list, tuple)):
        raise AutodiffError(
            "ragged-list",
            f"must be real number, not {type(item).__name__}",
            type="TypeError",
            help=f"{_describe(item)} stands where a number is wanted",
        )
    raise AutodiffError("bad-value", f"a tensor cannot hold {_describe(item)}", type="TypeError")


def _common(flat: list[Any], dtype: DType | None) -> list[Any]:
    """NumPy makes uint64 or object of integers that only fit together as int64; say what is meant."""
    floating = any(isinstance(item, float) for item in flat) if dtype is None else dtype.kind >= dtypes.FLOATING
    if floating:
        try:
            return [float(item) for item in flat]
        except OverflowError as error:
            raise AutodiffError("limit-number", str(error), type="OverflowError") from None
    if dtype is not None and dtype.name == "bool":
        return [bool(item) for item in flat]
    if any(isinstance(item, int) and not -(2**63) <= item < 2**63 for item in flat):
        message = "Overflow when unpacking long long"
        raise AutodiffError("limit-number", message, type="ValueError", help="write 1e30 for 10^30")
    return flat


def real(value: Fraction) -> float:
    """The nearest float; infinite beyond the range."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _describe(item: Any) -> str:
    if isinstance(item, str):
        return f"the text {item!r}" if len(item) < 40 else "a text"
    if item is None:
        return "null"
    if isinstance(item, dict):
        return "an object"
    if isinstance(item, Fraction):
        item = real(item)
    if not isinstance(item, (int, float, list, tuple)):  # a program's object, whose address says nothing
        return f"a {type(item).__name__}"
    return f"{item!r:.40}"
