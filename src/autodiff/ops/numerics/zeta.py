"""Hurwitz's zeta function and, through it, polygamma.

Everything comes from q^s zeta(s, q), which neither overflows nor underflows, by the Euler-Maclaurin formula (DLMF
25.11.5, 25.11.7) with ten terms summed first. Negative q are reflected to positive ones for integer s: the sum of
1/(q + k)^s over all integers k depends on q through its distance from an integer alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Vector, evaluate, piecewise
from .gamma import digamma

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TERMS = 10

# fmt: off
# B(2k) / (2k)!
BERNOULLI = (
    0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07,
    2.08767569878681e-08, -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225827e-13,
    8.586062056277845e-15, -2.174868698558062e-16, 5.5090028283602295e-18, -1.3954464685812522e-19,
    3.534707039629467e-21,
)
# fmt: on


def zeta(s: ArrayLike, q: ArrayLike) -> Array:
    """Hurwitz's zeta function, the sum of 1/(q + k)^s over k = 0, 1, ...

    inf at s = 1 and at q = 0, -1, -2, ...; NaN for s < 1, and for negative q unless s is an integer. Source: the
    module's; argument order and special values of torch.special.zeta, but 0 at q = inf.
    """
    return evaluate(_zeta, s, q)


def polygamma(n: int, x: ArrayLike) -> Array:
    """The n-th derivative of digamma, (-1)^(n+1) n! zeta(n+1, x).

    At 0, -1, -2, ... it is inf for odd n, and -inf for even n as in PyTorch (for n = 0 see `digamma`); 0 at inf and
    NaN at -inf. PyTorch's own trigamma has 10 correct digits, and at negative integers a large number for inf.
    Raises ValueError for a negative n. Source: DLMF 5.15.1.
    """
    if n < 0:
        raise ValueError("polygamma(n, x) does not support negative n.")
    if n == 0:
        return digamma(x)
    sign = 1.0 if n % 2 else -1.0
    left, right = _factorial_factors(n)

    def positive(x: Vector) -> Vector:
        scaled, root = _scaled_zeta(np.full(x.shape, n + 1.0), x)
        # n! can be as large as the power is small: each half meets a half.
        return np.where(x == np.inf, 0.0, (left * root) * (scaled * (right * root)))

    def negative(x: Vector) -> Vector:
        return (left * _zeta_reflected(np.full(x.shape, n + 1.0), x)) * right

    def kernel(x: Vector) -> Vector:
        return sign * piecewise(x, (x > 0, positive), ((x <= 0) & (x > -np.inf), negative))

    return evaluate(kernel, x)


def _factorial_factors(n: int) -> tuple[float, float]:
    """Two numbers whose product is n!."""
    factorial = math.factorial(n)
    try:
        return float(factorial), 1.0
    except OverflowError:
        pass
    try:
        root = float(math.isqrt(factorial))
    except OverflowError:
        root = math.inf
    return root, root


def _scaled_zeta(s: Vector, q: Vector) -> tuple[Vector, Vector]:
    """q^s zeta(s, q) and q^(-s/2), for s > 1 and q > 0."""
    total = np.ones(s.shape)
    for k in range(1, TERMS):
        total += np.exp(-s * np.log1p(k / q))
    end = q + TERMS
    first = np.exp(-s * np.log1p(TERMS / q))
    total += first * (end / (s - 1) + 0.5)
    term = first * s / end
    correction = BERNOULLI[0] * term
    for j, coefficient in enumerate(BERNOULLI[1:]):
        term *= (s + (2 * j + 1)) / end * ((s + (2 * j + 2)) / end)
        correction += coefficient * term
    total += np.where(first == 0, 0.0, correction)
    return total, np.power(q, -0.5 * s)


def _zeta_positive(s: Vector, q: Vector) -> Vector:
    scaled, root = _scaled_zeta(s, q)
    return np.where(q == np.inf, 0.0, root * scaled * root)


def _zeta_reflected(s: Vector, q: Vector) -> Vector:
    """For integer s and q <= 0."""
    nearest = np.rint(q)
    rest = q - nearest
    parity = np.where(np.mod(s, 2) == 0, 1.0, -1.0)
    everywhere = np.power(rest, -s) + (_zeta_positive(s, 1 + rest) + parity * _zeta_positive(s, 1 - rest))
    return np.where((rest == 0) | (q == -np.inf), np.inf, everywhere - parity * _zeta_positive(s, 1 - q))


def _zeta(s: Vector, q: Vector) -> Vector:
    out = np.full(s.shape, np.nan)
    out[s == 1] = np.inf
    positive = (s > 1) & (q > 0)
    out[positive] = _zeta_positive(s[positive], q[positive])
    reflected = (s > 1) & (q <= 0) & ((s == np.floor(s)) | (q == np.floor(q)))
    out[reflected] = _zeta_reflected(s[reflected], q[reflected])
    return out
