"""The regularized incomplete gamma functions: gammainc (lower, P) and gammaincc (upper, Q).

Four methods share the quadrant: the power series (DLMF 8.11.4), Legendre's continued fraction (DLMF 8.9.2) by the
modified Lentz method, an expansion without cancellation for Q at small a and x (A. R. DiDonato and A. H. Morris,
ACM TOMS 12 (1986) 377-393), and N. M. Temme's uniform expansion for large a near x (DLMF 8.12). The coefficients of
the last were made for this file by the recurrence DLMF 8.12.12 in 60-digit arithmetic (mpmath), for |eta| up to 0.48.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Mask, Vector, evaluate, polynomial, rational
from .error_function import erfcx_kernel
from .gamma import AROUND_ONE_P, AROUND_ONE_Q, STIRLING, lgamma_kernel

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

STEPS = 1000
"""More terms or convergents than any argument needs: all stop at the last bit, and before 200."""

ATANH = tuple(1 / (2 * k + 1) for k in range(14, 0, -1))

# fmt: off
# Powers of eta, highest first; a row for each power of 1/a.
TEMME = (
    (2.4361948020667415e-11, -5.830772132550426e-11, -2.5514193994946248e-11, 9.14769958223679e-10,
     -4.382036018453353e-09, 1.0261809784240309e-08, 6.707853543401498e-09, -1.7665952736826078e-07,
     8.296711340953087e-07, -1.85406221071516e-06, -2.185448510679992e-06, 3.919263178522438e-05,
     -0.0001787551440329218, 0.0003527336860670194, 0.0011574074074074073, -0.014814814814814815,
     0.08333333333333333, -0.3333333333333333),
    (-8.56390702649298e-11, 4.162792991842583e-10, -1.0091543710600413e-09, -1.7543241719747647e-11,
     1.1951628599778148e-08, -5.752545603517705e-08, 1.378633446915721e-07, 4.647127802807434e-09,
     -1.6120900894563446e-06, 7.64916091608111e-06, -1.8098550334489977e-05, -4.018775720164609e-07,
     0.00020576131687242798, -0.0009902263374485596, 0.0026455026455026454, -0.003472222222222222,
     -0.001851851851851852),
    (-1.3670488396617114e-09, 6.228974084922022e-09, -1.409252991086752e-08, -2.0477098421990866e-10,
     1.4280614206064242e-07, -6.298992138380055e-07, 1.3721957309062934e-06, 3.423578734096138e-08,
     -1.2760635188618728e-05, 5.2923448829120125e-05, -0.0001073665322636516, 2.0093878600823047e-06,
     0.0007716049382716049, -0.0026813271604938273, 0.004133597883597883),
    (-1.9111168485973655e-08, 8.099464905388083e-08, -1.6958404091930278e-07, -2.7861080291528143e-11,
     1.4230900732435883e-06, -5.6749528269915965e-06, 1.1082654115347302e-05, -2.396505113867297e-07,
     -7.561801671883977e-05, 0.00026772063206283885, -0.0004691894943952557, 0.00022947209362139917,
     0.0006494341563786008),
    (2.8865829742708783e-08, 2.956794137544049e-11, -2.292934834000805e-07, 8.907507532205309e-07,
     -1.6954149536558305e-06, 2.507497226237533e-10, 1.1375726970678419e-05, -3.968365047179435e-05,
     6.641498215465122e-05, -1.4638452578843418e-06, -0.0002990724803031902, 0.0007840392217200666,
     -0.0008618882909167117),
    (-1.8447187191171344e-07, 3.4652846491085265e-07, -3.252473551298454e-10, -2.291481176508095e-06,
     8.018470256334202e-06, -1.3594048189768693e-05, 1.419062920643967e-07, 6.797780477937208e-05,
     -0.00019932570516188847, 0.0002772753244959392, -6.972813758365857e-05, -0.00033679855336635813),
    (-2.0291327396058603e-06, 3.465155368803609e-06, -3.0796134506033047e-09, -1.8329116582843375e-05,
     5.61168275310625e-05, -8.153969367561969e-05, 7.902353232660328e-07, 0.0002708782096718045,
     -0.0005921664373536939, 0.0005313079364639922),
    (5.7876949497350525e-06, -1.8263488805711332e-05, 2.7744451511563645e-05, -1.2741009095484485e-07,
     -0.00010976582244684731, 0.0002812695154763237, -0.00033493161081142234, 5.171790908260592e-05,
     0.00034436760689237765),
    (4.629953263691304e-05, -0.00012783517679769218, 0.00016644846642067547, -6.969091458420552e-07,
     -0.000438297098541721, 0.0008394987206720873, -0.0006526239185953094),
    (0.00027750107634328704, -0.0006401475260262758, 0.0006782308837667328, -7.204895416020011e-05,
     -0.0005967612901927463),
    (0.0011089369134596636, -0.0019144384985654776, 0.0013324454494800656),
)
# fmt: on


def gammainc(a: ArrayLike, x: ArrayLike) -> Array:
    """The regularized lower incomplete gamma function P(a, x), from 0 at x = 0 to 1 at x = inf.

    1 at a = 0 and 0 at a = inf; NaN for negative or NaN operands and where both are 0 or both inf. Source: the
    module's; special values of torch.special.gammainc.
    """
    return evaluate(lambda a, x: _incomplete(a, x, lower=True), a, x)


def gammaincc(a: ArrayLike, x: ArrayLike) -> Array:
    """The regularized upper incomplete gamma function Q(a, x) = 1 - P(a, x), accurate also where it is tiny.

    0 at a = 0 and 1 at a = inf; NaN for negative or NaN operands and where both are 0 or both inf. Source: the
    module's; special values of torch.special.gammaincc.
    """
    return evaluate(lambda a, x: _incomplete(a, x, lower=False), a, x)


def _incomplete(a: Vector, x: Vector, lower: bool) -> Vector:
    out = np.full(a.shape, np.nan)
    zero, one = (0.0, 1.0) if lower else (1.0, 0.0)
    out[((a > 0) & (x == 0)) | ((a == np.inf) & (x >= 0) & (x < np.inf))] = zero
    out[((a == 0) & (x > 0)) | ((a >= 0) & (a < np.inf) & (x == np.inf))] = one
    inside = (a > 0) & (x > 0) & (a < np.inf) & (x < np.inf)
    uniform = inside & (a > 20) & (np.abs(x - a) < 0.4 * a)
    small = inside & (x <= 1.1) & (a < np.where(x <= 0.5, -0.4 / np.log(x), 1.1 * x))
    series = inside & ~uniform & ~small & (x < a + 1)
    fraction = inside & ~uniform & ~small & ~series

    def place(mask: Mask, function: Callable[[Vector, Vector], Vector], complement: bool) -> None:
        chosen = np.flatnonzero(mask)
        if chosen.size:
            value = function(a[chosen], x[chosen])
            out[chosen] = 1 - value if complement else value

    place(uniform & (x < a), _temme_tail, complement=not lower)
    place(uniform & (x >= a), _temme_tail, complement=lower)
    place(small, _lower_series if lower else _upper_small, complement=False)
    place(series, _lower_series, complement=not lower)
    place(fraction, _upper_fraction, complement=lower)
    return out


def _power_over_gamma(a: Vector, x: Vector) -> Vector:
    """x^a exp(-x) / gamma(a + 1)."""
    few = np.exp(a * np.log(x) - x - _log_gamma_successor(np.minimum(a, 10)))
    excess = (x - a) - a * np.log(x / a)
    many = np.exp(-excess - polynomial(1 / (a * a), STIRLING) / a) / np.sqrt(2 * np.pi * a)
    out: Vector = np.where(a < 10, few, many)
    return out


def _log_gamma_successor(a: Vector) -> Vector:
    """log gamma(1 + a), without rounding 1 + a where that matters."""
    return np.where(a < 0.5, a * rational(1 + np.minimum(a, 0.5), AROUND_ONE_P, AROUND_ONE_Q), lgamma_kernel(1 + a))


def _lower_series(a: Vector, x: Vector) -> Vector:
    term = np.ones(a.shape)
    total = np.ones(a.shape)
    for k in range(1, STEPS):
        term *= x / (a + k)
        total += term
        # A term below half a unit changes nothing, so that going on for a neighbour's sake is harmless.
        if not (term > 1e-17 * total).any():
            break
    return _power_over_gamma(a, x) * total


def _upper_fraction(a: Vector, x: Vector) -> Vector:
    b = x + 1 - a
    c = np.full(a.shape, 1e300)
    d = 1 / b
    value = d
    active = np.ones(a.shape, dtype=np.bool_)
    for k in range(1, STEPS):
        numerator = -k * (k - a)
        b = b + 2
        d = 1 / (numerator * d + b)
        c = b + numerator / c
        factor = c * d
        value = np.where(active, value * factor, value)
        active = active & (np.abs(factor - 1) > 2e-16)
        if not active.any():
            break
    return _power_over_gamma(a, x) * a * value


def _upper_small(a: Vector, x: Vector) -> Vector:
    exponent = a * np.log(x) - _log_gamma_successor(a)
    term = np.ones(a.shape)
    total = np.zeros(a.shape)
    for k in range(1, 25):
        term *= -x / k
        total += term / (a + k)
    return -np.expm1(exponent) - np.exp(exponent) * a * total


def _temme_parts(a: Vector, x: Vector) -> tuple[Vector, Vector, Vector]:
    """eta sqrt(a/2), exp(-a eta^2 / 2), and the remainder S without that factor."""
    mu = (x - a) / a
    w = mu / (2 + mu)
    square = w * w
    # mu - log(1 + mu) is eta^2 / 2; log(1 + mu) = 2 atanh(w).
    half = w * (mu - 2 * square * polynomial(square, ATANH))
    eta = np.copysign(np.sqrt(2 * half), mu)
    remainder = np.zeros(a.shape)
    for row in reversed(TEMME):
        remainder = remainder / a + polynomial(eta, row)
    return eta * np.sqrt(0.5 * a), np.exp(-a * half), remainder / np.sqrt(2 * math.pi * a)


def _temme_tail(a: Vector, x: Vector) -> Vector:
    """Q where x >= a, and P where x < a: whichever of the two is the smaller."""
    y, scale, remainder = _temme_parts(a, x)
    return scale * (0.5 * erfcx_kernel(np.abs(y)) + np.where(x >= a, remainder, -remainder))
