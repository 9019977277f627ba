"""Mistakes: each kind in its own file, as wrong applications of one rule.

A kind is a function that takes a `Walk` and yields slips.  `MISTAKES` is the one table of them, the most specific
first: where two mistakes lead to the same answer, the earlier is named.  The antiderivative is told from the answer
itself, and a constant factor of the whole answer from its numbers; `autodiff.homework.search` does both.
"""

from __future__ import annotations

from autodiff.homework.mistakes.accumulate import lost_paths
from autodiff.homework.mistakes.chain import chains, inner_misused
from autodiff.homework.mistakes.count import counts, other_counts
from autodiff.homework.mistakes.elementwise import elementwise_products
from autodiff.homework.mistakes.factor import factors
from autodiff.homework.mistakes.functions import functions
from autodiff.homework.mistakes.inside import copies, without_sums
from autodiff.homework.mistakes.original import originals
from autodiff.homework.mistakes.power import powers, unlikely_powers
from autodiff.homework.mistakes.product import differences, products
from autodiff.homework.mistakes.quotient import quotients
from autodiff.homework.mistakes.shape import shapes
from autodiff.homework.mistakes.sign import other_signs, signs
from autodiff.homework.mistakes.total import second, totals
from autodiff.homework.mistakes.transpose import swapped, transposes
from autodiff.homework.mistakes.walk import Mistakes, Slip, Walk

MISTAKES: tuple[Mistakes, ...] = (
    counts,
    transposes,
    powers,
    quotients,
    products,
    chains,
    elementwise_products,
    lost_paths,
    functions,
    factors,
    signs,
    copies,
    differences,
    other_signs,
    shapes,
    totals,
    originals,
)
# Less likely ones, named when none of the others explains an answer.
UNLIKELY: tuple[Mistakes, ...] = (without_sums, inner_misused, unlikely_powers, other_counts, swapped, second)
KINDS = (
    "sign", "factor", "chain", "count", "transpose", "product", "quotient", "power", "accumulate", "elementwise",
    "shape", "integral", "original", "total",
)  # fmt: skip

__all__ = ["KINDS", "MISTAKES", "UNLIKELY", "Slip", "Walk"]
