"""Orthogonal polynomials of a given degree. PyTorch has no derivatives for them: no gradient flows through."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.elementwise import elementwise
from autodiff.ops import numerics


def _polynomial(name: str, kernel: str, doc: str, scale: int = 1, offset: int = 0) -> None:
    """The polynomial at scale*x + offset."""

    def value(x: Any, n: Any) -> Any:
        at = x if scale == 1 else np.add(np.multiply(x, scale), offset)
        try:
            return getattr(numerics, kernel)(at, n)
        except ValueError as error:
            raise AutodiffError("limit-number", str(error), operands=(1,)) from None

    elementwise(
        f"special.{name}(x, n)",
        value,
        doc=f"{doc}, of degree n, cut off to a whole number; 0 for a negative one.",
        example=f"special.{name}([0.5, 2.], 3)",
    )


for _letter, _kind in (("t", "first"), ("u", "second"), ("v", "third"), ("w", "fourth")):
    _doc = f"Chebyshev's polynomial of the {_kind} kind"
    _polynomial(f"chebyshev_polynomial_{_letter}", f"chebyshev_{_letter}", _doc)
    _polynomial(f"shifted_chebyshev_polynomial_{_letter}", f"chebyshev_{_letter}", f"{_doc} at 2*x - 1", 2, -1)
_polynomial("hermite_polynomial_h", "hermite_h", "The physicist's Hermite polynomial")
_polynomial("hermite_polynomial_he", "hermite_he", "The probabilist's Hermite polynomial")
_polynomial("laguerre_polynomial_l", "laguerre", "Laguerre's polynomial")
_polynomial("legendre_polynomial_p", "legendre", "Legendre's polynomial")
