"""Window functions of signal processing: weights that fall off towards the ends of a stretch of samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.primitive import Primitive
from autodiff.ops import numerics

Samples = np.ndarray[Any, np.dtype[np.float64]]


def _cosines(at: Samples, *coefficients: float) -> Samples:
    """a0 - a1 cos(2 pi t) + a2 cos(4 pi t) …, at t from 0 to 1."""
    out = np.zeros_like(at)
    for k, coefficient in enumerate(coefficients):
        out += (-1) ** k * coefficient * np.cos(2 * np.pi * k * at)
    return out


def _triangle(at: Samples) -> Samples:
    return 1 - np.abs(2 * at - 1)


def _kaiser(at: Samples, beta: float) -> Samples:
    root = np.sqrt(np.maximum(1 - (2 * at - 1) ** 2, 0))
    return np.asarray(numerics.i0(beta * root) / numerics.i0(np.float64(beta)), np.float64)


SHAPES: dict[str, Callable[..., Samples]] = {
    "hann_window": lambda at: _cosines(at, 0.5, 0.5),
    "hamming_window": _cosines,
    "blackman_window": lambda at: _cosines(at, 0.42, 0.5, 0.08),
    "bartlett_window": _triangle,
    "kaiser_window": _kaiser,
}


def _samples(name: str, length: int, periodic: bool, parameters: tuple[float, ...], dtype: DType) -> Any:
    """A periodic window is one sample longer, and that sample is left out; a window of one sample is 1."""
    last = length - 1 + periodic
    if length < 2:
        return np.ones(length, dtype.numpy)
    return SHAPES[name](np.arange(length) / last, *map(float, parameters)).astype(dtype.numpy)


TAPER = Primitive(
    "window(name: any, length: int, periodic: bool, parameters: any, dtype: dtype)",
    _samples,
    shape=lambda name, length, periodic, parameters, dtype: (length,),
    dtype=lambda name, length, periodic, parameters, dtype: dtype,
    doc="The samples of a window function.",
)


def _window(name: str, doc: str, parameters: str = "", values: str = "") -> None:
    def window(window_length: int, periodic: bool, *rest: Any) -> Node:
        *given, dtype = rest
        kind = dtype or dtypes.default_dtype()
        if not kind.is_floating:
            message = f"{name} expects floating point dtypes, got: {kind.name}"
            raise AutodiffError("bad-dtype", message, operands=(2,))
        if window_length < 0:
            message = f"{name} requires non-negative window_length, got window_length={window_length}"
            raise AutodiffError("bad-value", message, operands=(0,))
        return TAPER(name, window_length, periodic, tuple(given), kind)  # type: ignore[no-any-return]

    composite(
        f"{name}(window_length: int, periodic: bool = True, {parameters}*, dtype: dtype? = None)",
        window,
        doc=f"{doc} A periodic window is that of one sample more, without the last.",
        example=f"{name}(5, False{values})",
    )


_window("hann_window", "Hann's window, (1 - cos(2*pi*t))/2 at t from 0 to 1.")
_window(
    "hamming_window",
    "Hamming's window, alpha - beta*cos(2*pi*t) at t from 0 to 1.",
    "alpha: Number = 0.54, beta: Number = 0.46, ",
)
_window("blackman_window", "Blackman's window, 0.42 - cos(2*pi*t)/2 + 0.08*cos(4*pi*t) at t from 0 to 1.")
_window("bartlett_window", "The triangular window, from 0 to 1 and back.")
_window(
    "kaiser_window",
    "Kaiser's window, i0(beta*sqrt(1 - s^2))/i0(beta) at s from -1 to 1.",
    "beta: Number = 12.0, ",
    ", beta=8.",
)
