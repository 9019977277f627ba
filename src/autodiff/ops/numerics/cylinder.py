"""Bessel functions of the first and second kind: j0, j1, y0, y1, and the spherical j0.

Up to 8 a polynomial in x^2/32 - 1 (for y0 and y1 of what remains beside the logarithm and the pole, DLMF 10.8.1);
beyond, the amplitudes in DLMF 10.17.3 and 10.17.4 as polynomials in 128/x^2 - 1. The coefficients were made for this
file: interpolation at Chebyshev nodes in 60-digit arithmetic (mpmath). Next to a zero the error is small beside what is
around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Vector, evaluate, piecewise, polynomial

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CUT = 8.0
TWO_OVER_PI = 0.6366197723675814

# fmt: off
J0_SMALL = (
    -1.1380595432215676e-14, 4.003763198544757e-13, -1.238464418210802e-11, 3.363447579149498e-10,
    -7.91540772613074e-09, 1.595610910454382e-07, -2.7177491450348606e-06, 3.8473197855944406e-05,
    -0.00044354592247271616, 0.004058078989140991, -0.028472718610869575, 0.14598884856759264,
    -0.507468045847102, 1.0383794611437211, -0.808088807669687, -0.6484692830871837, 0.9303012472958572,
    0.04582966485981377,
)
J1_SMALL = (
    1.2093613396338289e-14, -4.004572738786147e-13, 1.1610597914042965e-11, -2.943013798390916e-10,
    6.431268785753088e-09, -1.1967081867872172e-07, 1.8684525372057272e-06, -2.4045748659686983e-05,
    0.00024949458139090494, -0.0020290394945705996, 0.012456814392255438, -0.05474581821284722,
    0.15858376432721938, -0.2595948652859303, 0.15151665143806634, 0.08105866038589796, -0.05814382795599107,
)
Y0_SMALL = (
    2.5576616218907466e-14, -8.840111900737966e-13, 2.6818237435502344e-11, -7.130461466149226e-10,
    1.6391065240160875e-08, -3.218507844592323e-07, 5.321318633761208e-06, -7.279541882454126e-05,
    0.0008061586060550506, -0.0070257410572709695, 0.046367047681347105, -0.21895747096171628,
    0.6721770783431723, -1.0775477338215995, 0.14412632369302442, 1.6470964788745466, -0.8284358903604587,
    -0.382250654459425,
)
Y1_SMALL = (
    7.338090945282559e-16, -2.6951389107285232e-14, 8.728814257439169e-13, -2.488750990528334e-11,
    6.16974260611845e-10, -1.3153322551124148e-08, 2.3804929913727272e-07, -3.6009998743578177e-06,
    4.4674330129143775e-05, -0.00044381734351149876, 0.0034224907399180455, -0.019628756833099423,
    0.07854786922242545, -0.19639839859930425, 0.23507209206669755, 0.023367571720993584,
    -0.24337743079193114, 0.07075985882118005,
)
P0 = (
    -1.1346926815291663e-14, 3.334599531685773e-14, -6.563491590174781e-14, 2.454626647456918e-13,
    -1.061860361827791e-12, 4.786833648457065e-12, -2.4883792349430343e-11, 1.5500573849457377e-10,
    -1.2121178913027262e-09, 1.2803761421389911e-08, -2.052744816021978e-07, 6.137416080111143e-06,
    -0.0005363673192130033, 0.9994572757882519,
)
Q0 = (
    -7.218360113325748e-15, 1.7103209627178458e-14, -1.1693242090527497e-14, 3.7712889190589617e-14,
    -1.7832030063752885e-13, 5.567148812645025e-13, -1.83390451148924e-12, 6.878291492715701e-12,
    -2.8725844755452207e-11, 1.362650428332602e-10, -7.576283045712257e-10, 5.146225288518414e-09,
    -4.534972896712794e-08, 5.684971887600464e-07, -1.1817110661172695e-05, 0.000546651927947511,
    -0.12444091103610815,
)
P1 = (
    1.2012721775449965e-14, -3.5404613525657416e-14, 7.019004954768849e-14, -2.635099411586755e-13,
    1.1443000350441976e-12, -5.190987549128526e-12, 2.7205216071451606e-11, -1.713108363257052e-10,
    1.3603054724512454e-09, -1.4708512970871809e-08, 2.453676622679369e-07, -7.95969469844003e-06,
    0.0008988049416705564, 1.0009070262780821,
)
Q1 = (
    -1.710333904540854e-14, 4.264133561194503e-14, -4.3440005265046966e-14, 1.4036280002516976e-13,
    -5.878276216147632e-13, 2.002181665753772e-12, -7.391554863542348e-12, 3.1004018897469467e-11,
    -1.4819598857139465e-10, 8.316076063720346e-10, -5.720884565213347e-09, 5.13610599919363e-08,
    -6.633568566909137e-07, 1.4569614809850102e-05, -0.000769716705764355, 0.3742149922195918,
)
# fmt: on


def bessel_j0(x: ArrayLike) -> Array:
    """The Bessel function of the first kind of order 0. Even; NaN at ±inf, as in PyTorch. Source: the module's."""
    return evaluate(lambda x: _first(np.abs(x), 0), x)


def bessel_j1(x: ArrayLike) -> Array:
    """The Bessel function of the first kind of order 1. Odd; NaN at ±inf, as in PyTorch. Source: the module's."""
    return evaluate(lambda x: np.where(x < 0, -1.0, 1.0) * _first(np.abs(x), 1), x)


def bessel_y0(x: ArrayLike) -> Array:
    """The Bessel function of the second kind of order 0. -inf at 0; NaN below, and at inf. Source: the module's."""
    return evaluate(lambda x: _second(x, 0), x)


def bessel_y1(x: ArrayLike) -> Array:
    """The Bessel function of the second kind of order 1. -inf at 0; NaN below, and at inf. Source: the module's."""
    return evaluate(lambda x: _second(x, 1), x)


def spherical_bessel_j0(x: ArrayLike) -> Array:
    """sin(x)/x, and 1 at 0; 0 at ±inf. Source: DLMF 10.49.3."""
    return evaluate(lambda x: np.where(np.isinf(x), 0.0, np.where(x == 0, 1.0, np.sin(x) / x)), x)


def _first_small(x: Vector, order: int) -> Vector:
    value = polynomial(x * x / 32 - 1, J1_SMALL if order else J0_SMALL)
    return x * value if order else value


def _second_small(x: Vector, order: int) -> Vector:
    rest = polynomial(x * x / 32 - 1, Y1_SMALL if order else Y0_SMALL)
    logarithm = np.log(x) * _first_small(x, order)
    if not order:
        return rest + TWO_OVER_PI * logarithm
    return x * rest + TWO_OVER_PI * (logarithm - 1 / x)


def _amplitudes(x: Vector, order: int) -> tuple[Vector, Vector, Vector]:
    """The phase, and what its cosine and its sine are multiplied by."""
    t = 2 * (CUT / x) ** 2 - 1
    scale = np.sqrt(TWO_OVER_PI / x)
    cosine, sine = (P1, Q1) if order else (P0, Q0)
    return x - (2 * order + 1) * (np.pi / 4), scale * polynomial(t, cosine), scale * polynomial(t, sine) / x


def _first(x: Vector, order: int) -> Vector:
    def large(x: Vector) -> Vector:
        phase, p, q = _amplitudes(x, order)
        return p * np.cos(phase) - q * np.sin(phase)

    return piecewise(x, (x <= CUT, lambda x: _first_small(x, order)), (x > CUT, large))


def _second(x: Vector, order: int) -> Vector:
    def large(x: Vector) -> Vector:
        phase, p, q = _amplitudes(x, order)
        return p * np.sin(phase) + q * np.cos(phase)

    return piecewise(
        x,
        (x == 0, lambda x: np.full(x.shape, -np.inf)),
        ((x > 0) & (x <= CUT), lambda x: _second_small(x, order)),
        (x > CUT, large),
    )
