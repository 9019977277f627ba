"""Stacked values of answers, as numbers: constant multiples, small fractions, and points that are special."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite

import numpy as np

from autodiff.homework.compare import same
from autodiff.homework.library import Values
from autodiff.homework.setting import Setting

NOTHING = 1e-13
COMMON = 24  # numerators and denominators of a constant factor that may be claimed for a single number


def is_flat(values: Sequence[Values]) -> bool:
    """Whether an answer is the same number everywhere."""
    flat = values[0].reshape(-1)
    return bool((flat == flat[0]).all())


def is_nothing(value: Values, setting: Setting) -> bool:
    """Whether an answer is 0 but for rounding, next to the gradient."""
    return bool((abs(value) <= NOTHING * abs(setting.expected).max(initial=0.0)).all())


def like(own: Values, value: Values, setting: Setting) -> Values:
    """An answer that is one number, spread where it was spread before."""
    if value.ndim == 1 and own.ndim > 1:
        return value.reshape(-1, *[1] * len(setting.leaf.shape)) + 0 * setting.expected
    return value


def multiple(a: Values, b: Values, rtol: float) -> float | None:
    """The constant c for which a = c*b at every point."""
    if a.shape != b.shape:
        return None
    x, y = a.reshape(-1), b.reshape(-1)
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any() or finite.mean() < 0.5:
        return None
    x, y = x[finite], y[finite]
    largest = int(abs(y).argmax())
    if y[largest] == 0 or x[largest] == 0:
        return None
    ratio = float(x[largest] / y[largest])
    if not isfinite(ratio) or abs(ratio - 1) < 1e-6:
        return None
    return ratio if same(x, ratio * y, max(rtol, 1e-7)) else None


def fraction(ratio: float, most: int = COMMON) -> Fraction | None:
    """A small fraction that a number is."""
    exact = Fraction(ratio).limit_denominator(most)
    if exact == 0 or abs(exact.numerator) > most or abs(float(exact) - ratio) > 1e-6 * abs(ratio):
        return None
    return exact


def symmetric(square: Values) -> Values:
    return np.asarray((square + square.swapaxes(1, 2)) / 2)


def normalized(stack: Values) -> Values:
    """Positive numbers that add up to 1 along the last axis."""
    return np.asarray(abs(stack) / abs(stack).sum(axis=-1, keepdims=True))
