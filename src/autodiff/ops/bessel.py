"""Bessel functions and Airy's function. PyTorch has no derivatives for them: no gradient flows through."""

from __future__ import annotations

from autodiff.graph.elementwise import Elementwise, elementwise
from autodiff.ops import numerics


def _function(name: str, kernel: str, doc: str, example: str = "[0.5, 2.]") -> Elementwise:
    return elementwise(
        f"special.{name}(x)", lambda x: getattr(numerics, kernel)(x), doc=doc, example=f"special.{name}({example})"
    )


_FIRST = "The Bessel function of the first kind, of order"
_SECOND = "The Bessel function of the second kind, of order"
_MODIFIED_FIRST = "The modified Bessel function of the first kind, of order"
_MODIFIED_SECOND = "The modified Bessel function of the second kind, of order"

bessel_j0 = _function("bessel_j0", "bessel_j0", f"{_FIRST} 0.")
bessel_j1 = _function("bessel_j1", "bessel_j1", f"{_FIRST} 1.")
bessel_y0 = _function("bessel_y0", "bessel_y0", f"{_SECOND} 0.")
bessel_y1 = _function("bessel_y1", "bessel_y1", f"{_SECOND} 1.")
modified_bessel_i0 = _function("modified_bessel_i0", "i0", f"{_MODIFIED_FIRST} 0; i0 has a gradient.")
modified_bessel_i1 = _function("modified_bessel_i1", "i1", f"{_MODIFIED_FIRST} 1; special.i1 has a gradient.")
modified_bessel_k0 = _function("modified_bessel_k0", "k0", f"{_MODIFIED_SECOND} 0.")
modified_bessel_k1 = _function("modified_bessel_k1", "k1", f"{_MODIFIED_SECOND} 1.")
scaled_modified_bessel_k0 = _function("scaled_modified_bessel_k0", "k0e", "exp(x)*modified_bessel_k0(x).")
scaled_modified_bessel_k1 = _function("scaled_modified_bessel_k1", "k1e", "exp(x)*modified_bessel_k1(x).")
spherical_bessel_j0 = _function("spherical_bessel_j0", "spherical_bessel_j0", "sin(x)/x, and 1 at 0.", "[0., 2.]")
airy_ai = _function("airy_ai", "airy_ai", "Airy's function Ai.", "[-2., 0., 2.]")
