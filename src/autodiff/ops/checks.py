"""Errors that many elementwise operations share: element types that PyTorch's kernels do not know."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import BOOL, FLOATING, INTEGER, DType, uint8
from autodiff.graph.elementwise import common_form
from autodiff.graph.node import Node
from autodiff.graph.values import real

NEEDS_FLOATING = "make it floating: write the numbers with a point (3.), or x.double()"
C_NAMES = {
    "bool": "bool",
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long",
    "float16": "c10::Half",
    "float32": "float",
    "float64": "double",
}


def not_implemented(kernel: str, dtype: DType, operands: tuple[int, ...] = (0,)) -> AutodiffError:
    """PyTorch's error for a kernel that does not take an element type."""
    return AutodiffError(
        "bad-dtype",
        f"\"{kernel}\" not implemented for '{dtype.long_name}'",
        type="NotImplementedError",
        operands=operands,
        help=NEEDS_FLOATING if dtype.kind in (BOOL, INTEGER) else (),
    )


def floating_only(kernel: str, operands: int = 1) -> Callable[..., None]:
    """A check that the tensor operands promote to a floating type; plain numbers become floating by themselves."""

    def check(*args: Any) -> None:
        tensors = [x for x in args[:operands] if not x.weak]
        if tensors:
            dtype = common_form(args[:operands])[1]
            if dtype.kind < FLOATING:
                raise not_implemented(kernel, dtype, tuple(range(operands)))

    return check


def no_bool(kernel: str) -> Callable[..., None]:
    """A check that x is no tensor of truth values."""

    def check(x: Node, *_: Any) -> None:
        if x.dtype.kind == BOOL:
            raise not_implemented(kernel, x.dtype)

    return check


def integers_only(kernel: str, operands: int = 2) -> Callable[..., None]:
    """A check that the operands promote to integers or truth values."""

    def check(*args: Any) -> None:
        dtype = common_form(args[:operands])[1]
        if dtype.kind >= FLOATING:
            raise not_implemented(kernel, dtype, tuple(range(operands)))

    return check


def plain_as(value: Any, dtype: DType) -> Any:
    """A plain number converted to an element type; raises PyTorch's error for one that does not fit."""
    if dtype.kind == BOOL:
        return bool(value)
    number = real(value) if isinstance(value, Fraction) else value
    if dtype.kind == INTEGER:
        limits = np.iinfo(dtype.numpy)
        lowest = int(limits.min) or -int(limits.max)  # unsigned types take negative numbers in two's complement
        fits = math.isfinite(number) and lowest <= int(number) <= limits.max
    else:
        fits = not math.isfinite(number) or abs(number) <= np.finfo(dtype.numpy).max
    if not fits:
        name = f"{dtype.name}_t" if dtype.kind == INTEGER and dtype.size != 4 else C_NAMES[dtype.name]
        raise AutodiffError("limit-number", f"value cannot be converted to type {name} without overflow")
    if dtype is uint8:
        return int(number) % 256
    return int(number) if dtype.kind == INTEGER else value


def wanting(*operands: Node) -> list[Node]:
    """The edges of PyTorch's node for an operation without a derivative: the operands that want one."""
    return [operand for operand in operands if operand.requires_grad]


def not_differentiable(name: str, message: str = "derivative for aten::{} is not implemented") -> Callable[..., Any]:
    """The rule of an operand that PyTorch has no derivative for, although its gradient is tracked."""

    kind = "RuntimeError" if message.startswith("derivative") else "NotImplementedError"

    def rule(*_: Any) -> Any:
        raise AutodiffError(
            "not-differentiable",
            message.format(name),
            type=kind,
            help="detach() what needs no gradient",
        )

    return rule
