"""Modified Bessel functions of the second kind, plain and scaled by exp(x): k0, k0e, k1, k1e.

Up to 2 a polynomial in x^2/2 - 1 for what remains beside the logarithm (DLMF 10.31.1); beyond, a polynomial in 4/x - 1
for sqrt(x) exp(x) K(x), whose expansion at infinity is DLMF 10.40.2. The coefficients were made for this file:
interpolation at Chebyshev nodes in 60-digit arithmetic (mpmath).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .bessel import i0, i1
from .elementwise import Array, Vector, evaluate, piecewise, polynomial

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CUT = 2.0

# fmt: off
K0_SMALL = (
    1.8282920316203465e-16, 3.518631515801595e-14, 5.45210758976468e-12, 6.623013272794464e-10,
    6.093361934166002e-08, 4.054506619949891e-06, 0.00018280555827901256, 0.005053392643196092,
    0.07177701034240512, 0.3404973210133806, -0.30362077291575545,
)
K1_SMALL = (
    -1.6940259166566876e-17, -3.596218101407312e-15, -6.213805760202496e-13, -8.532735114049789e-11,
    -9.032127548326391e-09, -7.081133770184678e-07, -3.891869064369595e-05, -0.0013831688466153064,
    -0.027854235219771848, -0.24383852886774365, -0.3322409552403131, 0.8850882877295894,
)
K0_LARGE = (
    3.96355256263508e-11, -6.82912231113288e-11, -1.286822465377347e-10, 2.1672329094976382e-10,
    3.1302580587365775e-10, -5.425392268826551e-10, -1.2974622316235225e-10, 1.6249121403085222e-10,
    9.50126795470238e-10, -1.9163886235149194e-09, 3.237899704197692e-09, -7.294807830568568e-09,
    1.7288102250486044e-08, -4.133603551539714e-08, 1.028875394812628e-07, -2.6890740183537945e-07,
    7.427918745301117e-07, -2.191177672686996e-06, 7.0022444255986085e-06, -2.473520457096165e-05,
    9.956054748575022e-05, -0.0004797690567658713, 0.0030328918102739454, -0.031071461824889523,
    1.2185953385133905,
)
K1_LARGE = (
    -4.3071978473211124e-11, 7.437054315558186e-11, 1.392647707395567e-10, -2.3491838521262873e-10,
    -3.4052380863530667e-10, 5.917703107429806e-10, 1.3403129134884593e-10, -1.6214964652946646e-10,
    -1.064142272258912e-09, 2.1600738070102857e-09, -3.7119962979184724e-09, 8.418479670972575e-09,
    -2.0078990564218355e-08, 4.84585048883485e-08, -1.219592991740941e-07, 3.229820302740851e-07,
    -9.067215327593673e-07, 2.730041309124799e-06, -8.961206061895131e-06, 3.284386556850026e-05,
    -0.00013959021963384766, 0.0007357241549077615, -0.005566729880073094, 0.10334973775386523,
    1.363151890371342,
)
# fmt: on


def k0(x: ArrayLike) -> Array:
    """The modified Bessel function of the second kind of order 0. inf at 0, NaN below. Source: the module's."""
    return evaluate(lambda x: _second(x, 0, False), x)


def k0e(x: ArrayLike) -> Array:
    """exp(x) k0(x), which does not underflow. Source: the module's."""
    return evaluate(lambda x: _second(x, 0, True), x)


def k1(x: ArrayLike) -> Array:
    """The modified Bessel function of the second kind of order 1. inf at 0, NaN below. Source: the module's."""
    return evaluate(lambda x: _second(x, 1, False), x)


def k1e(x: ArrayLike) -> Array:
    """exp(x) k1(x), which does not underflow. Source: the module's."""
    return evaluate(lambda x: _second(x, 1, True), x)


def _small(x: Vector, order: int) -> Vector:
    t = x * x / 2 - 1
    if not order:
        return polynomial(t, K0_SMALL) - np.log(x / 2) * i0(x)
    return polynomial(t, K1_SMALL) / x + np.log(x / 2) * i1(x)


def _second(x: Vector, order: int, scaled: bool) -> Vector:
    def small(x: Vector) -> Vector:
        return _small(x, order) * np.exp(x) if scaled else _small(x, order)

    def large(x: Vector) -> Vector:
        value = polynomial(2 * CUT / x - 1, K1_LARGE if order else K0_LARGE) / np.sqrt(x)
        return value if scaled else value * np.exp(-x)

    return piecewise(
        x,
        (x == 0, lambda x: np.full(x.shape, np.inf)),
        ((x > 0) & (x <= CUT), small),
        (x > CUT, large),
    )
