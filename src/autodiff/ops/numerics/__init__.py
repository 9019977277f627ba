"""Special functions on NumPy arrays, without SciPy: what `ops` calls where NumPy has no function of its own.

Elementwise on arrays of any shape. float32 and float16 are computed in float64 and rounded once, integers become
float64, and two operands broadcast. Nothing warns: out of the domain is NaN, a pole is an infinity. In float64 the
relative error is a few units in the last place, except next to a zero that is no simple number. `elementwise` holds
the machinery; every other module is a family and names its sources.
"""

from typing import Any

from .bessel import i0, i0e, i1, i1e
from .error_function import erf, erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri
from .gamma import digamma, lgamma
from .incomplete import gammainc, gammaincc
from .logistic import entr, expit, log_expit, sinc, softplus, xlog1py, xlogy
from .zeta import polygamma, zeta

# Rarely wanted, and read when they are.
LATER = {
    "airy": ("airy_ai",),
    "cylinder": ("bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "spherical_bessel_j0"),
    "modified": ("k0", "k0e", "k1", "k1e"),
    "orthogonal": (
        "chebyshev_t",
        "chebyshev_u",
        "chebyshev_v",
        "chebyshev_w",
        "hermite_h",
        "hermite_he",
        "laguerre",
        "legendre",
    ),
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for module, names in LATER.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "chebyshev_t",
    "chebyshev_u",
    "chebyshev_v",
    "chebyshev_w",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "expit",
    "gammainc",
    "gammaincc",
    "hermite_h",
    "hermite_he",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "k0",
    "k0e",
    "k1",
    "k1e",
    "laguerre",
    "legendre",
    "lgamma",
    "log_expit",
    "log_ndtr",
    "ndtr",
    "ndtri",
    "polygamma",
    "sinc",
    "softplus",
    "spherical_bessel_j0",
    "xlog1py",
    "xlogy",
    "zeta",
]
