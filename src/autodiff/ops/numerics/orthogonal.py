"""Orthogonal polynomials by their recurrences: Chebyshev's, Hermite's, Laguerre's, Legendre's.

Degrees are whole numbers; what is between them is cut off, and a negative degree gives 0, as in PyTorch. Of a high
degree and between -1 and 1, Chebyshev's are taken from their trigonometric form. Source: DLMF 18.9 and 18.5.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Mask, Vector, evaluate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

HIGHEST_HERMITE = 512
"""Beyond this degree PyTorch gives NaN for Hermite's polynomials."""

MOST_STEPS = 100_000
"""Longer recurrences are refused."""

Step = Callable[[int, Vector, Vector, Vector], Vector]


def _degree(n: Vector) -> Vector:
    """A whole number; -1 for what no 64-bit integer can hold."""
    return np.where(np.abs(n) < 2.0**63, np.trunc(n), -1.0)


def _recurrence(x: Vector, n: Vector, first: Vector, step: Step) -> Vector:
    """p(0) = 1, p(1) = `first`, p(k + 1) = step(k, x, p(k), p(k - 1)); each element is taken at its own degree.

    Raises ValueError for more than MOST_STEPS steps.
    """
    degree = _degree(n)
    out = np.where(degree == 0, 1.0, np.where(degree == 1, first, 0.0))
    before, now = np.ones_like(x), first
    for k in range(1, int(degree.max(initial=0))):
        waiting = degree > k
        lost = np.isnan(now)
        if not np.any(waiting & ~lost):  # NaN stays NaN
            return np.where(waiting, np.nan, out)
        if k > MOST_STEPS:
            raise ValueError(f"the degree of a polynomial is limited to {MOST_STEPS}")
        before, now = now, step(k, x, now, before)
        out = np.where(degree == k + 1, now, out)
    return out


def _doubled(k: int, x: Vector, now: Vector, before: Vector) -> Vector:
    return (x + x) * now - before


def _chebyshev(x: Vector, n: Vector, first: Vector, above: int, closed: Callable[[Vector, Vector], Vector]) -> Vector:
    """A recurrence up to a degree, and a closed form above it within (-1, 1)."""
    degree = _degree(n)
    trigonometric: Mask = (degree > above) & (np.abs(x) < 1)
    out = _recurrence(x, np.where(trigonometric, 0.0, degree), first, _doubled)
    return np.where(trigonometric, closed(np.arccos(np.clip(x, -1, 1)), degree), out)


def chebyshev_t(x: ArrayLike, n: ArrayLike) -> Array:
    """Chebyshev's polynomial of the first kind: cos(n t) at x = cos(t). Source: the module's."""
    return evaluate(lambda x, n: _chebyshev(x, n, x, 6, lambda t, n: np.cos(n * t)), x, n)


def chebyshev_u(x: ArrayLike, n: ArrayLike) -> Array:
    """Chebyshev's polynomial of the second kind: sin((n + 1) t)/sin(t) at x = cos(t). Source: the module's."""
    return evaluate(lambda x, n: _chebyshev(x, n, x + x, 8, lambda t, n: np.sin((n + 1) * t) / np.sin(t)), x, n)


def chebyshev_v(x: ArrayLike, n: ArrayLike) -> Array:
    """Chebyshev's polynomial of the third kind: cos((n + 1/2) t)/cos(t/2) at x = cos(t). Source: the module's."""
    return evaluate(
        lambda x, n: _chebyshev(x, n, x + x - 1, 8, lambda t, n: np.cos((n + 0.5) * t) / np.cos(t / 2)), x, n
    )


def chebyshev_w(x: ArrayLike, n: ArrayLike) -> Array:
    """Chebyshev's polynomial of the fourth kind: sin((n + 1/2) t)/sin(t/2) at x = cos(t). Source: the module's."""
    return evaluate(
        lambda x, n: _chebyshev(x, n, x + x + 1, 8, lambda t, n: np.sin((n + 0.5) * t) / np.sin(t / 2)), x, n
    )


def hermite_h(x: ArrayLike, n: ArrayLike) -> Array:
    """The physicist's Hermite polynomial; NaN beyond degree 512, as in PyTorch. Source: the module's."""

    def kernel(x: Vector, n: Vector) -> Vector:
        high = _degree(n) > HIGHEST_HERMITE
        value = _recurrence(x, np.where(high, -1.0, n), x + x, lambda k, x, now, before: (x + x) * now - 2 * k * before)
        return np.where(high, np.nan, value)

    return evaluate(kernel, x, n)


def hermite_he(x: ArrayLike, n: ArrayLike) -> Array:
    """The probabilist's Hermite polynomial; NaN beyond degree 512, as in PyTorch. Source: the module's."""

    def kernel(x: Vector, n: Vector) -> Vector:
        high = _degree(n) > HIGHEST_HERMITE
        value = _recurrence(x, np.where(high, -1.0, n), x, lambda k, x, now, before: x * now - k * before)
        return np.where(high, np.nan, value)

    return evaluate(kernel, x, n)


def laguerre(x: ArrayLike, n: ArrayLike) -> Array:
    """Laguerre's polynomial. Source: the module's."""

    def step(k: int, x: Vector, now: Vector, before: Vector) -> Vector:
        return ((2 * k + 1 - x) * now - k * before) / (k + 1)

    return evaluate(lambda x, n: _recurrence(x, n, 1 - x, step), x, n)


def legendre(x: ArrayLike, n: ArrayLike) -> Array:
    """Legendre's polynomial. Source: the module's."""

    def step(k: int, x: Vector, now: Vector, before: Vector) -> Vector:
        return ((2 * k + 1) * x * now - k * before) / (k + 1)

    return evaluate(lambda x, n: _recurrence(x, n, x, step), x, n)
