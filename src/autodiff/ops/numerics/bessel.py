"""Modified Bessel functions of the first kind, plain and scaled by exp(-|x|): i0, i0e, i1, i1e.

Up to 8 a polynomial in (x/2)^2, close to the power series DLMF 10.25.2 and, like it, without cancellation; beyond, a
polynomial in 16/x - 1 for sqrt(x) exp(-x) I(x), whose expansion at infinity is DLMF 10.40.1. The coefficients were
made for this file: interpolation at Chebyshev nodes in 70-digit arithmetic (mpmath), relative error below 8e-18.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .elementwise import Array, Vector, evaluate, piecewise, polynomial

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CUT = 8.0

# fmt: off
I0_SMALL = (
    3.6454386812677436e-27, 4.940670282542572e-25, 1.35095827969477e-22, 2.5698743857514957e-20,
    4.3600362269175774e-18, 6.275862820937522e-16, 7.594079950279469e-14, 7.594056846699174e-12,
    6.151187413177668e-10, 3.936759885673581e-08, 1.9290123457790406e-06, 6.944444444424399e-05,
    0.0017361111111113758, 0.027777777777777565, 0.2500000000000001, 1.0, 1.0,
)
I0_LARGE = (
    -7.06893851181878e-11, -1.9216763724933513e-11, 5.181936971288284e-10, 1.4672236659214398e-10,
    -1.7789375042917173e-09, -5.562201990080394e-10, 3.881151253996067e-09, 1.497880830187091e-09,
    -6.188265090497361e-09, -3.4857887470034955e-09, 7.58022133915272e-09, 7.540601378890834e-09,
    -5.4685974495866e-09, -1.3404241991980871e-08, -6.729724111923548e-09, 7.553516470355896e-09,
    2.1545177650836005e-08, 3.932602459703109e-08, 8.87225351128584e-08, 2.973598432479169e-07,
    1.4838475473607391e-06, 1.1143033791556743e-05, 0.00013621607439232746, 0.003360551983667854,
    0.4021765094450081,
)
I1_SMALL = (
    2.916825666594092e-26, 3.706605520277272e-24, 9.455144020393155e-22, 1.6705022348546468e-19,
    2.6159960799896376e-17, 3.451729636836005e-15, 3.797039283580161e-13, 3.4173256472461263e-11,
    2.460474960769327e-09, 1.3778659602015222e-07, 5.78703703726566e-06, 0.00017361111111076753,
    0.0034722222222225343, 0.04166666666666652, 0.25000000000000006, 0.5,
)
I1_LARGE = (
    7.347992441734663e-11, 1.7502497778701306e-11, -5.388285995923524e-10, -1.342266320082222e-10,
    1.8513716745511988e-09, 5.146498826087142e-10, -4.047785403711858e-09, -1.4171698018664596e-09,
    6.4870195719816896e-09, 3.406636130196794e-09, -8.044231276166508e-09, -7.630751970065577e-09,
    6.040877342160988e-09, 1.4029693589852716e-08, 6.715795128085017e-09, -8.426622829598154e-09,
    -2.337059627111857e-08, -4.312935369971356e-08, -1.0001323461066435e-07, -3.483855609009937e-07,
    -1.8349101134666435e-06, -1.5038547201176271e-05, -0.00021923576383430274, -0.009749577193235728,
    0.38939845902587233,
)
# fmt: on


def i0(x: ArrayLike) -> Array:
    """The modified Bessel function of the first kind of order 0.

    Even; overflows to inf beyond 713.9; NaN at ±inf, as in PyTorch. Source: the module's.
    """
    return evaluate(lambda x: _grown(x, I0_LARGE, _i0_small), x)


def i0e(x: ArrayLike) -> Array:
    """exp(-|x|) i0(x), which does not overflow.

    Even; 0 at ±inf. Source: the module's.
    """
    return evaluate(lambda x: _scaled(x, I0_LARGE, _i0_small), x)


def i1(x: ArrayLike) -> Array:
    """The modified Bessel function of the first kind of order 1.

    Odd, but 0 at -0, and NaN at ±inf, as in PyTorch; overflows beyond 713.9. Source: the module's.
    """
    return evaluate(lambda x: _odd(x, _grown(x, I1_LARGE, _i1_small)), x)


def i1e(x: ArrayLike) -> Array:
    """exp(-|x|) i1(x), which does not overflow.

    Odd, but 0 at -0 as in PyTorch; ±0 at ±inf. Source: the module's.
    """
    return evaluate(lambda x: _odd(x, _scaled(x, I1_LARGE, _i1_small)), x)


def _i0_small(x: Vector) -> Vector:
    return polynomial(0.25 * x * x, I0_SMALL)


def _i1_small(x: Vector) -> Vector:
    return x * polynomial(0.25 * x * x, I1_SMALL)


def _large(x: Vector, coefficients: tuple[float, ...]) -> Vector:
    return polynomial(2 * CUT / x - 1, coefficients) / np.sqrt(x)


def _grown(x: Vector, coefficients: tuple[float, ...], small: Callable[[Vector], Vector]) -> Vector:
    def large(x: Vector) -> Vector:
        # Two halves of the exponential, since the result overflows later than exp(x).
        x = np.where(np.isinf(x), np.nan, np.minimum(x, 1000))
        half = np.exp(0.5 * x)
        return half * _large(x, coefficients) * half

    size = np.abs(x)
    return piecewise(size, (size <= CUT, small), (size > CUT, large))


def _scaled(x: Vector, coefficients: tuple[float, ...], small: Callable[[Vector], Vector]) -> Vector:
    size = np.abs(x)
    return piecewise(
        size,
        (size <= CUT, lambda x: np.exp(-x) * small(x)),
        (size > CUT, lambda x: _large(x, coefficients)),
    )


def _odd(x: Vector, value: Vector) -> Vector:
    return np.where(x < 0, -value, value)
