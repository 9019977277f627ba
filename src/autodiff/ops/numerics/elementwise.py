"""What every special function here shares: one float64 kernel, run over blocks, rounded once to the operand's dtype.

A kernel sees a flat float64 vector that fits the cache, with NumPy's warnings off. It may choose a formula by element
(`piecewise`) but never by vector, so an answer does not depend on how the elements were grouped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # numpy.typing takes longer to import than all of this package
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.floating[Any]]
    Vector = NDArray[np.float64]
    Mask = NDArray[np.bool_]
else:
    Array = Vector = Mask = np.ndarray

BLOCK = 16384
"""Elements evaluated together: a vector of 128 KiB and its temporaries stay in the second-level cache."""


def floating(*operands: ArrayLike) -> np.dtype[Any]:
    """The dtype of a result: NumPy's promotion, where integers and booleans count as float64."""
    dtype = np.result_type(*operands)
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def evaluate(kernel: Callable[..., Vector], *operands: ArrayLike) -> Array:
    """Broadcast the operands, run `kernel` over them in blocks, and round to their common dtype."""
    arrays = [np.asarray(operand) for operand in operands]
    if len(arrays) > 1:
        arrays = list(np.broadcast_arrays(*arrays))
    out: Array = np.empty(arrays[0].shape, floating(*operands))
    with np.errstate(all="ignore"):
        vectors = [np.ascontiguousarray(array, dtype=np.float64).reshape(-1) for array in arrays]
        flat = out.reshape(-1)
        for start in range(0, out.size, BLOCK):
            block = slice(start, start + BLOCK)
            flat[block] = kernel(*(vector[block] for vector in vectors))
    return out


def piecewise(x: Vector, *pieces: tuple[Mask, Callable[[Vector], Vector]]) -> Vector:
    """Apply to each element the function of the piece whose mask holds it; NaN where none does."""
    out = np.full(x.shape, np.nan)
    for mask, function in pieces:
        # Indices, since selecting by a mask costs a mispredicted branch at every change.
        chosen = np.flatnonzero(mask)
        if chosen.size == x.size:
            return function(x)
        if chosen.size:
            out[chosen] = function(x[chosen])
    return out


def polynomial(x: Vector, coefficients: tuple[float, ...]) -> Vector:
    """Horner's scheme, highest power first."""
    out = np.full(x.shape, coefficients[0])
    for coefficient in coefficients[1:]:
        out *= x
        out += coefficient
    return out


def rational(x: Vector, numerator: tuple[float, ...], denominator: tuple[float, ...]) -> Vector:
    """A quotient of two polynomials, highest powers first."""
    out = polynomial(x, numerator)
    out /= polynomial(x, denominator)
    return out
