"""Whether two stacks of values agree, point by point, and what that amounts to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

RTOL = 1e-6
ATOL = 1e-9  # of the largest element at a point
ROUNDING = 32  # times what the variations of `rounding` change
HOPELESS = 1e-2  # of the largest element: where rounding changes as much as this, a point says nothing

# Values of answer and key again, changed as rounding may change them.
Again = Callable[[], Iterable[tuple[np.ndarray, np.ndarray]]]


class Compared(NamedTuple):
    """Points by outcome, as masks; `answered` and `expected` are stacked values of one shape."""

    agree: np.ndarray
    differ: np.ndarray
    undefined: np.ndarray  # the answer has no value there, the gradient has
    answered: np.ndarray
    expected: np.ndarray


def compare(
    answered: np.ndarray,
    expected: np.ndarray,
    again: Again | None,
    rtol: float | None,
    atol: float | None,
    least: float,
    unsteady: bool = False,
) -> Compared:
    """Compare at each point; what differs by no more than rounding may cause agrees.

    `least` is a difference that is none; of an `unsteady` answer, rounding may have made what agrees.
    """
    rows = len(expected)
    with np.errstate(all="ignore"):
        a = np.broadcast_to(answered.reshape(rows, -1).astype(np.float64), (rows, max(1, expected[0].size)))
        e = expected.reshape(rows, -1).astype(np.float64)
        defined, known = np.isfinite(a).all(axis=1), np.isfinite(e).all(axis=1)
        usable = defined & known
        distance = abs(a - e)
        allowed = _allowed(e, rtol, atol, least)
        agree = usable & (distance <= allowed).all(axis=1)
        differ = usable & ~agree
        if again is not None and (differ.any() or unsteady):
            noise = _noise(again, a, e)
            scale = np.maximum(abs(e), abs(a)).max(axis=1)
            close = (distance <= allowed + noise).all(axis=1)
            hopeless = noise.max(axis=1) > HOPELESS * scale
            agree = (agree | (differ & close)) & ~hopeless
            differ = differ & ~close & ~hopeless
    masks = [np.asarray(mask, bool) for mask in (agree, differ, known & ~defined)]
    return Compared(masks[0], masks[1], masks[2], a, e)


def _allowed(e: np.ndarray, rtol: float | None, atol: float | None, least: float) -> np.ndarray:
    scale = abs(e).max(axis=1, keepdims=True)
    known = scale[np.isfinite(scale)]
    # Where a gradient is far below its usual size (1 - tanh(x)^2 at large x), rounding decides what it is.
    scale = np.maximum(scale, np.median(known) if known.size else 0.0)
    absolute = np.maximum(ATOL * scale, least) if atol is None else np.full_like(scale, atol)
    return np.asarray(absolute + (RTOL if rtol is None else rtol) * abs(e))


def _noise(again: Again, a: np.ndarray, e: np.ndarray) -> np.ndarray:
    """How far the difference of both moves when the input hardly does: a true one stays, one of rounding jumps."""
    noise = np.zeros_like(e)
    for near_a, near_e in again():
        moved = abs(np.broadcast_to(near_a.reshape(len(a), -1), a.shape) - near_e.reshape(e.shape) - (a - e))
        noise = np.maximum(noise, np.where(np.isfinite(moved), moved, np.inf))
    return ROUNDING * noise


def same(a: np.ndarray, b: np.ndarray, rtol: float = 1e-7) -> bool:
    """Whether two stacks agree at every point, as a mistake's gradient and an answer must to be taken for one."""
    with np.errstate(all="ignore"):
        finite = np.isfinite(a) & np.isfinite(b)
        if not (finite == np.isfinite(b)).all() or finite.mean() < 0.5:
            return False
        size = np.where(finite, abs(b), 0.0).reshape(len(b), -1)
        largest = size.max(axis=1, initial=0.0) if len(b) else np.zeros(0)
        scale = np.maximum(largest, max(float(np.median(largest)) if len(b) else 0.0, 1e-300))
        scale = scale.reshape(-1, *[1] * (b.ndim - 1))
        return bool((abs(a - b) <= rtol * (abs(b) + 0.1 * scale))[finite].all())
