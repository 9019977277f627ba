"""Elementary functions of small float32 tensors, rounded from float64, and their sums in PyTorch's order.

NumPy's own in float32 are off by a last place in up to four of ten numbers; PyTorch's hardly ever are, and on printed
numbers of a thousand and more the last place shows.  Large tensors keep the quick ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.ops.elementwise import logistic
from autodiff.ops.losses import _mse_kernel
from autodiff.ops.reduce import add_up, average
from autodiff.tensor.sums import averaged, reduced, summed

SMALL = 2048  # elements; no more than this are printed, and no step of a network waits for them
_SINGLE = np.dtype(np.float32)
_F32 = np.float32
_ROUNDED = {
    np.exp: math.exp, np.exp2: None, np.expm1: math.expm1, np.log: math.log, np.log2: math.log2, np.log10: math.log10,
    np.log1p: math.log1p, np.sin: math.sin, np.cos: math.cos, np.tan: math.tan, np.arcsin: math.asin,
    np.arccos: math.acos, np.arctan: math.atan, np.sinh: math.sinh, np.cosh: math.cosh, np.tanh: math.tanh,
    np.arcsinh: math.asinh, np.arccosh: math.acosh, np.arctanh: math.atanh,
}  # fmt: skip


def _rounded(function: Any, of_number: Callable[[Any], float] | None) -> Callable[..., Any]:
    def rounded(x: Any) -> Any:
        if x.__class__ is _F32 and of_number is not None:  # several times faster than NumPy on one number
            try:
                return _F32(of_number(x))
            except (ValueError, OverflowError):  # where the result is NaN or infinite
                pass
        if getattr(x, "dtype", None) is _SINGLE and x.size <= SMALL:
            return function(x, dtype=np.float64).astype(_F32)
        return function(x)

    return rounded


def _power(x: Any, y: Any) -> Any:
    if getattr(x, "dtype", None) is _SINGLE and getattr(y, "dtype", None) is _SINGLE and x.size * y.size <= SMALL:
        return np.power(x.astype(np.float64), y.astype(np.float64)).astype(np.float32)
    return np.power(x, y)


def _logistic(x: Any) -> Any:
    """In float32 but for the exponential, which is where PyTorch rounds too."""
    if getattr(x, "dtype", None) is _SINGLE and x.size <= SMALL:
        return np.reciprocal(np.exp(-x.astype(np.float64)).astype(np.float32) + _SINGLE.type(1))
    return logistic(x)


def _squared_difference(x: Any, target: Any, reduction: str) -> Any:
    difference = np.subtract(x, target)
    return reduced(difference * difference, reduction)


# A kernel → what takes its place where single operations are called.
PRECISE: dict[Any, Callable[..., Any]] = {
    **{f: _rounded(f, of_number) for f, of_number in _ROUNDED.items()}, np.power: _power, logistic: _logistic,
    add_up: summed, average: averaged, _mse_kernel: _squared_difference,
}  # fmt: skip
