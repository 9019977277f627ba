"""Points further out, where what is piecewise may take another course: `relu(x - 100)` is no zero, `where(x > 50, …)`.

The numbers that a formula is written with say where to look: around each of them, on either side of zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import prod
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from autodiff.syntax import tree as T  # noqa: N812

if TYPE_CHECKING:
    from autodiff.homework.setting import Feeds, Interval

SMALLEST, NEAR = 0.05, 5.0  # magnitudes in between are among the usual points
FAR = 10**30
MOST = 6  # landmarks that are looked at
DECADES = (1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4, 1e6)  # for a threshold that is computed
AROUND: tuple[tuple[float, float], ...] = ((0.2, 1.0), (1.0, 3.0), (-1.0, -0.2), (-3.0, -1.0), (-2.0, 2.0))
BESIDE = 2.5  # further rows are at most so far from a landmark, for steps that are not so large
ROWS_EACH = len(AROUND) + 2
# Functions, beside comparisons, that follow another formula somewhere.
PIECEWISE = frozenset(
    (
        "abs", "absolute", "amax", "amin", "argmax", "argmin", "bucketize", "ceil", "celu", "clamp", "clip", "dist",
        "elu", "eq", "floor", "fmax", "fmin", "fmod", "frac", "ge", "gt", "hardshrink", "hardsigmoid", "hardswish",
        "hardtanh", "heaviside", "hinge_embedding_loss", "huber_loss", "isfinite", "isinf", "isnan", "le", "leaky_relu",
        "lt", "masked_fill", "max", "maximum", "median", "min", "minimum", "nan_to_num", "ne", "prelu", "relu", "relu6",
        "remainder", "round", "rrelu", "searchsorted", "selu", "sgn", "sign", "smooth_l1_loss", "softplus",
        "softshrink", "sort", "threshold", "topk", "trunc", "where",
    )
)  # fmt: skip


def is_piecewise(items: Iterable[T.Tree]) -> bool:
    """Whether a formula compares, rounds, or calls what follows another formula somewhere."""
    for item in items:
        if isinstance(item, T.Compare) or (isinstance(item, T.Binary) and item.op in ("%", "//")):
            return True
        if isinstance(item, T.Call):
            function = item.function
            name = function.id if isinstance(function, T.Name) else getattr(function, "name", "")
            if name in PIECEWISE:
                return True
    return False


def landmarks(items: Iterable[T.Tree]) -> list[float]:
    """The magnitudes of the numbers in a formula that are not among the usual points, as they come."""
    found: dict[float, None] = {}
    for item in items:
        if isinstance(item, T.Number):
            size = abs(Fraction(item.value))
            if 0 < size < SMALLEST or NEAR < size < FAR:
                found[float(size)] = None
    return list(found)[:MOST]


def around(
    marks: Sequence[float],
    names: Collection[str],
    shapes: Mapping[str, tuple[int, ...]],
    fixed: Mapping[str, np.ndarray],
    domains: Mapping[str, Interval],
    random: Random,
) -> tuple[Feeds, int]:
    """Points around landmarks, `ROWS_EACH` for each; what is outside a domain is NaN."""
    ranges = list(_ranges(marks))
    rows = len(ranges)
    feeds = {name: np.broadcast_to(array, (rows, *array.shape)) for name, array in fixed.items()}
    for name in names:
        size = prod(shapes[name])
        numbers = [low + (high - low) * random.random() for low, high in ranges for _ in range(size)]
        drawn = np.array(numbers, np.float64).reshape(rows, *shapes[name])
        low, high = domains.get(name, (-np.inf, np.inf))
        feeds[name] = np.where((drawn > low) & (drawn < high), drawn, np.nan)
    return feeds, rows


def _ranges(marks: Sequence[float]) -> Iterator[Interval]:
    for mark in marks:
        yield from ((low * mark, high * mark) for low, high in AROUND)
        yield from ((mark - BESIDE, mark + BESIDE), (-mark - BESIDE, BESIDE - mark))
