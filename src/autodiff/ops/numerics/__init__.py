"""Special functions on NumPy arrays, without SciPy: what `ops` calls where NumPy has no function of its own.

Elementwise on arrays of any shape. float32 and float16 are computed in float64 and rounded once, integers become
float64, and two operands broadcast. Nothing warns: out of the domain is NaN, a pole is an infinity. In float64 the
relative error is a few units in the last place, except next to a zero that is no simple number. `elementwise` holds
the machinery; every other module is a family and names its sources.
"""

from .bessel import i0, i0e, i1, i1e
from .error_function import erf, erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri
from .gamma import digamma, lgamma
from .incomplete import gammainc, gammaincc
from .logistic import entr, expit, log_expit, sinc, softplus, xlog1py, xlogy
from .zeta import polygamma, zeta

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "expit",
    "gammainc",
    "gammaincc",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "lgamma",
    "log_expit",
    "log_ndtr",
    "ndtr",
    "ndtri",
    "polygamma",
    "sinc",
    "softplus",
    "xlog1py",
    "xlogy",
    "zeta",
]
