"""The error function and its family: erf, erfc, erfcx, erfinv, ndtr, ndtri, log_ndtr.

Sources: W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969) 631-637, for
erf and erfc; M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics
37 (1988) 477-484, for the inverses.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Vector, evaluate, piecewise, rational

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SMALL = 0.46875
"""Up to here Cody approximates erf itself, beyond it exp(x^2) erfc(x)."""

# fmt: off
ERF_P = (
    1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
    3.20937758913846947e3,
)
ERF_Q = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
MIDDLE_P = (
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
    2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
)
MIDDLE_Q = (
    1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
)
LARGE_P = (
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
)
LARGE_Q = (
    1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
)
QUANTILE_CENTRE_P = (
    2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
    1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0,
)
QUANTILE_CENTRE_Q = (
    5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0,
)
QUANTILE_NEAR_P = (
    7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
    3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0,
)
QUANTILE_NEAR_Q = (
    1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
    6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0,
)
QUANTILE_FAR_P = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
)
QUANTILE_FAR_Q = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
)
# fmt: on


def erf(x: ArrayLike) -> Array:
    """The error function, 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    Odd, keeps the sign of zero, and is ±1 at ±inf. Source: Cody (1969).
    """
    return evaluate(_erf, x)


def erfc(x: ArrayLike) -> Array:
    """The complementary error function 1 - erf(x), accurate also where it is tiny.

    0 at inf, 2 at -inf; results below 1e-308 are subnormal and coarser. Source: Cody (1969).
    """
    return evaluate(_erfc, x)


def erfcx(x: ArrayLike) -> Array:
    """The scaled complementary error function exp(x^2) erfc(x).

    0 at inf; overflows to inf below -26.63. Source: Cody (1969).
    """
    return evaluate(erfcx_kernel, x)


def erfinv(y: ArrayLike) -> Array:
    """The inverse of erf on [-1, 1].

    ±inf at ±1, NaN outside, keeps the sign of zero. Source: Wichura (1988), AS 241, with p = (1 + y) / 2.
    """
    return evaluate(_erfinv, y)


def ndtr(x: ArrayLike) -> Array:
    """The standard normal distribution function, erfc(-x / sqrt 2) / 2.

    0 at -inf, 1 at inf; the lower tail keeps its relative accuracy. Source: Cody (1969).
    """
    return evaluate(_ndtr, x)


def ndtri(p: ArrayLike) -> Array:
    """The quantile function of the standard normal distribution, the inverse of ndtr on [0, 1].

    -inf at 0, inf at 1, NaN outside. Source: Wichura (1988), AS 241.
    """
    return evaluate(_ndtri, p)


def log_ndtr(x: ArrayLike) -> Array:
    """The logarithm of ndtr(x), finite far into the lower tail.

    -0 at inf, -inf at -inf. Below -1 it is log(erfcx(-x / sqrt 2) / 2) - x^2 / 2. Source: Cody (1969).
    """
    return evaluate(_log_ndtr, x)


def _erf_small(x: Vector) -> Vector:
    return x * rational(x * x, ERF_P, ERF_Q)


def _erfcx_middle(x: Vector) -> Vector:
    return rational(x, MIDDLE_P, MIDDLE_Q)


def _erfcx_large(x: Vector) -> Vector:
    z = 1 / (x * x)
    return (1 / math.sqrt(math.pi) - z * rational(z, LARGE_P, LARGE_Q)) / x


def _erfcx_positive(x: Vector) -> Vector:
    """Cody's exp(x^2) erfc(x), for x at least `SMALL`."""
    return piecewise(x, (x <= 4, _erfcx_middle), (x > 4, _erfcx_large))


def _exp_square(x: Vector, scale: float) -> Vector:
    """exp(scale x^2) without the error that rounding x^2 would make: the square of x to 1/16 is exact."""
    short = np.trunc(np.clip(x, -1e3, 1e3) * 16) / 16
    return np.exp(scale * short * short) * np.exp(scale * (x - short) * (x + short))


def _erf_outer(x: Vector) -> Vector:
    # 1 - erf(6) is below half a unit in the last place of 1, so that larger arguments may be cut to 6.
    size = np.minimum(np.abs(x), 6)
    value: Vector = np.copysign(1 - np.exp(-size * size) * _erfcx_middle(size), x)
    return value


def _erf(x: Vector) -> Vector:
    size = np.abs(x)
    return piecewise(x, (size <= SMALL, _erf_small), (size > SMALL, _erf_outer))


def _erfc_tail(x: Vector) -> Vector:
    return _exp_square(x, -1.0) * _erfcx_positive(x)


def _erfc(x: Vector) -> Vector:
    return piecewise(
        x,
        (np.abs(x) <= SMALL, lambda x: 1 - _erf_small(x)),
        (x > SMALL, _erfc_tail),
        (x < -SMALL, lambda x: 1 - _erf_outer(x)),
    )


def erfcx_kernel(x: Vector) -> Vector:
    """`erfcx` on one block."""
    return piecewise(
        x,
        (np.abs(x) <= SMALL, lambda x: np.exp(x * x) * (1 - _erf_small(x))),
        (x > SMALL, _erfcx_positive),
        (x < -SMALL, lambda x: 2 * _exp_square(x, 1.0) - _erfcx_positive(-x)),
    )


def _ndtr_tail(x: Vector) -> Vector:
    """The probability beyond x, for x at least sqrt 2 times `SMALL`."""
    return 0.5 * _exp_square(x, -0.5) * _erfcx_positive(x * math.sqrt(0.5))


def _ndtr(x: Vector) -> Vector:
    cut = 0.67
    return piecewise(
        x,
        (np.abs(x) <= cut, lambda x: 0.5 + 0.5 * _erf_small(x * math.sqrt(0.5))),
        (x < -cut, lambda x: _ndtr_tail(-x)),
        (x > cut, lambda x: 1 - _ndtr_tail(x)),
    )


def _log_ndtr(x: Vector) -> Vector:
    return piecewise(
        x,
        (x < -1, lambda x: np.log(0.5 * _erfcx_positive(x * -math.sqrt(0.5))) - 0.5 * x * x),
        (x >= -1, lambda x: np.log1p(-_ndtr(-x))),
    )


def _quantile_centre(q: Vector) -> Vector:
    """The quantile of p = 1/2 + q divided by q, for |q| up to 0.425."""
    return rational(0.180625 - q * q, QUANTILE_CENTRE_P, QUANTILE_CENTRE_Q)


def _quantile_tail(p: Vector) -> Vector:
    """How far from the middle the probability beyond is p, for p up to 0.075."""
    r = np.sqrt(-np.log(p))
    value = piecewise(
        r,
        (r <= 5, lambda r: rational(r - 1.6, QUANTILE_NEAR_P, QUANTILE_NEAR_Q)),
        (r > 5, lambda r: rational(r - 5, QUANTILE_FAR_P, QUANTILE_FAR_Q)),
    )
    value[p == 0] = np.inf
    return value


def _ndtri(p: Vector) -> Vector:
    q = p - 0.5
    return piecewise(
        p,
        (np.abs(q) <= 0.425, lambda p: (p - 0.5) * _quantile_centre(p - 0.5)),
        ((p >= 0) & (q < -0.425), lambda p: -_quantile_tail(p)),
        ((p <= 1) & (q > 0.425), lambda p: _quantile_tail(1 - p)),
    )


def _erfinv(y: Vector) -> Vector:
    size = np.abs(y)
    return piecewise(
        y,
        (size <= 0.85, lambda y: y * (math.sqrt(0.125) * _quantile_centre(0.5 * y))),
        ((size > 0.85) & (size <= 1), lambda y: np.copysign(_quantile_tail(0.5 * (1 - np.abs(y))), y) * math.sqrt(0.5)),
    )
