"""Logarithms of the gamma function and their derivative: lgamma and digamma.

For positive arguments: rational functions up to 10, with the zeros at 1, 2 and 1.4616... taken out as factors (after
W. J. Cody and K. E. Hillstrom, Math. Comp. 21 (1967) 198-203, and W. J. Cody, A. J. Strecok and H. C. Thacher,
Math. Comp. 27 (1973) 123-127), then Stirling's series. The coefficients were made for this file: rational
interpolation at Chebyshev nodes in 70-digit arithmetic (mpmath), relative error below 3e-17.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Vector, evaluate, piecewise, polynomial, rational

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

ROOT = 1.4616321449683622
ROOT_REST = 9.549995429965697e-17
"""The positive zero of digamma is ROOT + ROOT_REST."""

# fmt: off
# log(gamma(x)) / (x - 1) for x in [1/2, 3/2].
AROUND_ONE_P = (
    7.824302441404771, 246.2291136691574, 1327.3424947475778, 557.7882779378739, -4865.957524157944,
    -6128.34862204383, -2234.2756081723583, -247.35224139726247, -5.576254240504927,
)
AROUND_ONE_Q = (
    1.7675074854080783, 111.52826926705993, 1331.3717548188065, 5116.122223502706, 7544.046850840941,
    4461.926467581574, 1009.1382377422149, 73.16494805238376, 1.0,
)
# log(gamma(x)) / (x - 2) for x in [3/2, 4].
AROUND_TWO_P = (
    0.001845745199388468, 0.19639265106303538, 4.259202276939837, 28.200170908985623, 56.764854255363744,
    2.34325978599976, -60.74290304805069, -28.767592787963178, -2.2552297795656275,
)
AROUND_TWO_Q = (
    0.0003378606817968787, 0.060289896517226924, 2.0513620930507326, 22.701948244304955, 97.72255281691744,
    171.373781612049, 116.26442402981021, 25.02514289870041, 1.0,
)
# log(gamma(4 + t)) for t in [0, 6].
FROM_FOUR_P = (
    9.800383694044066e-09, 2.583187198811247e-06, 0.00016872368777547626, 0.004443171901129635,
    0.05708144860136546, 0.3877521499616198, 1.407742471201458, 2.5511520076950935, 1.791759469228055,
)
FROM_FOUR_Q = (
    1.5809737001690975e-09, 6.249542114585394e-07, 5.377502358581959e-05, 0.0017548481625292238,
    0.026557682450947626, 0.1997722262998405, 0.7227724264916151, 1.0,
)
# B(2k) / (2k (2k-1)), Stirling's series: DLMF 5.11.1.
STIRLING = (
    0.00641025641025641, -0.0019175269175269176, 0.0008417508417508417, -0.0005952380952380953,
    0.0007936507936507937, -0.002777777777777778, 0.08333333333333333,
)
# digamma(x) / (x - its zero) for x in [1/2, 3].
DIGAMMA_NEAR_P = (
    -297.94786171847977, 62792.410371887105, 27421483.46921002, 984506841.9662484, 11726520185.756363,
    59608392376.102036, 137364717155.76991, 133427237798.01236, 39263605024.45441,
)
DIGAMMA_NEAR_Q = (
    5728641.264024356, 291082157.40895534, 4554546239.428147, 29991232763.205444, 90965292469.53572,
    122632135554.29887, 57388947214.46161, 1.0,
)
# digamma(x) for x in [3, 10].
DIGAMMA_FROM_THREE_P = (
    0.0012000001837968676, 0.35336493656669227, 21.594717898131176, 429.34528532956887, 3109.5716127726755,
    7035.024890256187, -2818.386805413827, -17610.135670189964, -7478.8931953954525,
)
DIGAMMA_FROM_THREE_Q = (
    0.00016378084223613973, 0.06956944898244237, 5.688085801680967, 153.4695657667489, 1645.313242516284,
    7400.868543887202, 13311.889159305003, 7473.144398474894, 1.0,
)
# B(2k) / 2k: DLMF 5.11.2.
DIGAMMA_SERIES = (
    -0.4432598039215686, 0.08333333333333333, -0.021092796092796094, 0.007575757575757576, -0.004166666666666667,
    0.003968253968253968, -0.008333333333333333, 0.08333333333333333,
)
# fmt: on


def lgamma(x: ArrayLike) -> Array:
    """The logarithm of the absolute value of the gamma function.

    inf at 0, at the negative integers and at ±inf. Negative arguments are reflected (DLMF 5.5.3); near the zeros
    between negative integers the error is absolute, about 1e-15. Source: the module's; Stirling is DLMF 5.11.1.
    """
    return evaluate(lgamma_kernel, x)


def digamma(x: ArrayLike) -> Array:
    """The derivative of log(gamma(x)).

    As in PyTorch: -inf at 0, inf at -0, NaN at the negative integers and -inf, where the sides disagree. Negative
    arguments are reflected (DLMF 5.5.4). Source: the module's; the series is DLMF 5.11.2.
    """
    return evaluate(_digamma, x)


def _lgamma_stirling(x: Vector) -> Vector:
    log: Vector = np.log(x)
    series = polynomial(1 / (x * x), STIRLING) / x
    return x * (log - 1) + (0.5 * math.log(2 * math.pi) - 0.5 * log + series)


def _lgamma_positive(x: Vector) -> Vector:
    """For x at least 1/2."""
    return piecewise(
        x,
        # The sum with 0 makes the 0 at 1 positive.
        (x <= 1.5, lambda x: (x - 1) * rational(x, AROUND_ONE_P, AROUND_ONE_Q) + 0.0),
        ((x > 1.5) & (x <= 4), lambda x: (x - 2) * rational(x, AROUND_TWO_P, AROUND_TWO_Q)),
        ((x > 4) & (x <= 10), lambda x: rational(x - 4, FROM_FOUR_P, FROM_FOUR_Q)),
        ((x > 10) & (x < np.inf), _lgamma_stirling),
        (x == np.inf, lambda x: x),
    )


def _lgamma_centre(x: Vector) -> Vector:
    """log|gamma(1 + x)| - log|x|, for |x| below 1/2."""
    return x * rational(1 + x, AROUND_ONE_P, AROUND_ONE_Q) - np.log(np.abs(x))


def _lgamma_negative(x: Vector) -> Vector:
    sine = np.sin(np.pi * np.abs(x - np.rint(x)))
    reflected = np.log(np.pi / (np.abs(x) * sine)) - _lgamma_positive(-x)
    return np.where((sine == 0) | (x == -np.inf), np.inf, reflected)


def lgamma_kernel(x: Vector) -> Vector:
    """`lgamma` on one block."""
    return piecewise(
        x,
        (x >= 0.5, _lgamma_positive),
        (np.abs(x) < 0.5, _lgamma_centre),
        (x <= -0.5, _lgamma_negative),
    )


def _digamma_near(x: Vector) -> Vector:
    return ((x - ROOT) - ROOT_REST) * rational(x, DIGAMMA_NEAR_P, DIGAMMA_NEAR_Q)


def _digamma_series(x: Vector) -> Vector:
    z = 1 / (x * x)
    return np.log(x) - (0.5 / x + z * polynomial(z, DIGAMMA_SERIES))


def _digamma_positive(x: Vector) -> Vector:
    """For x at least 1/2."""
    return piecewise(
        x,
        (x <= 3, _digamma_near),
        ((x > 3) & (x <= 10), lambda x: rational(x, DIGAMMA_FROM_THREE_P, DIGAMMA_FROM_THREE_Q)),
        (x > 10, _digamma_series),
    )


def _digamma_negative(x: Vector) -> Vector:
    rest = x - np.rint(x)
    return np.where(rest == 0, np.nan, _digamma_positive(1 - x) - np.pi / np.tan(np.pi * rest))


def _digamma(x: Vector) -> Vector:
    return piecewise(
        x,
        (x >= 0.5, _digamma_positive),
        (np.abs(x) < 0.5, lambda x: _digamma_near(1 + x) - 1 / x),
        (x <= -0.5, _digamma_negative),
    )
