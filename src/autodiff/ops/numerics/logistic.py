"""Functions that are a formula and a guard: expit, log_expit, softplus, entr, xlogy, xlog1py, sinc."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Vector, evaluate, floating

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def expit(x: ArrayLike) -> Array:
    """The logistic sigmoid 1 / (1 + exp(-x)), as exp(x) / (1 + exp(x)) for negative x, so that nothing overflows.

    0 at -inf, 1 at inf. Source: the definition.
    """
    return evaluate(_expit, x)


def log_expit(x: ArrayLike) -> Array:
    """The logarithm of the sigmoid, min(x, 0) - log1p(exp(-|x|)): PyTorch's logsigmoid.

    0 at inf, and x itself for very negative x. Source: the definition.
    """
    return evaluate(_log_expit, x)


def softplus(x: ArrayLike, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """log(1 + exp(beta x)) / beta, and x itself where beta x exceeds the threshold.

    The step at the threshold is PyTorch's; a zero beta gives inf. Source: torch.nn.functional.softplus.
    """

    def kernel(x: Vector) -> Vector:
        scaled = beta * x
        return np.where(scaled > threshold, x, np.log1p(np.exp(scaled)) / np.float64(beta))

    return evaluate(kernel, x)


def entr(x: ArrayLike) -> Array:
    """The entropy -x log(x) of one outcome.

    0 at 0, -inf for negative x. Source: torch.special.entr.
    """
    return evaluate(_entr, x)


def xlogy(x: ArrayLike, y: ArrayLike) -> Array:
    """x log(y), and 0 where x is 0, whatever y is other than NaN.

    NaN where y is negative or NaN. Source: torch.special.xlogy.
    """
    return evaluate(lambda x, y: np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log(y)), x, y)


def xlog1py(x: ArrayLike, y: ArrayLike) -> Array:
    """x log(1 + y), and 0 where x is 0, whatever y is other than NaN.

    NaN where y is below -1 or NaN. Source: torch.special.xlog1py.
    """
    return evaluate(lambda x, y: np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log1p(y)), x, y)


def sinc(x: ArrayLike) -> Array:
    """sin(pi x) / (pi x), and 1 at 0.

    Like PyTorch it rounds pi x to the operand's precision (float32 at least), so that integers give about 1e-17, or
    -2.7828e-08 in float32, and not 0; NaN at ±inf. Source: torch.sinc.
    """
    working = np.promote_types(floating(x), np.float32).type

    def kernel(x: Vector) -> Vector:
        angle = (x.astype(working) * working(np.pi)).astype(np.float64)
        value: Vector = np.where(x == 0, 1.0, np.sin(angle) / angle)
        return value

    return evaluate(kernel, x)


def _expit(x: Vector) -> Vector:
    small: Vector = np.exp(-np.abs(x))
    numerator: Vector = np.where(x < 0, small, 1.0)
    return numerator / (1 + small)


def _log_expit(x: Vector) -> Vector:
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def _entr(x: Vector) -> Vector:
    return np.where(x > 0, -x * np.log(x), np.where(x == 0, 0.0, np.where(x < 0, -np.inf, np.nan)))
