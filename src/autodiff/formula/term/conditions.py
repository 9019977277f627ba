"""Comparisons, and what holds where they do."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from autodiff.formula.term.algebra import mul, neg, power, power_of, split, sub, unbroadcast
from autodiff.formula.term.core import Term, common_shape, is_zero, make, num, number_of, ones

MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}


def compare(op: str, a: Term, b: Term) -> Term:
    """A comparison; relu(x) <= 0 is x <= 0."""
    if a.kind == "fn" and a.data == ("relu",) and is_zero(b) and op in ("<=", ">"):
        a = a.args[0]
    a, b = unbroadcast(a), num(0) if is_zero(b) else unbroadcast(b)
    if is_zero(a) and not is_zero(b):
        a, b, op = b, num(0), MIRRORED[op]
    if is_zero(b) and a.kind == "add" and len(a.args) == 2:
        # The sign of a difference is exact in floating point, so that x - 1 > 0 is x > 1 to the bit.
        negative = [arg for arg in a.args if split(arg)[0] < 0]
        numbers = [arg for arg in a.args if arg.kind == "num"]
        moved = (negative or numbers)[0] if len(negative) + len(numbers) else None
        if moved is not None:
            kept = a.args[1] if moved is a.args[0] else a.args[0]
            b = neg(moved)
            if kept.kind == "num":
                kept, b, op = b, kept, MIRRORED[op]
            a = kept
            if split(a)[0] < 0 and b.kind == "num":
                a, b, op = neg(a), neg(b), MIRRORED[op]
    return make("cmp", (a, b), op, common_shape([a, b]))


def negation(condition: Term) -> Term:
    if condition.kind == "cmp":
        a, b = condition.args
        return make("cmp", (a, b), OPPOSITE[condition.data], condition.shape)
    if condition.kind == "fn" and condition.data == ("not",):
        return condition.args[0]
    return make("fn", (condition,), ("not",), condition.shape)


HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne
}  # fmt: skip


def decided(condition: Term) -> bool | None:
    """Whether a comparison of two numbers holds; None for any other condition."""
    if condition.kind != "cmp" or any(arg.kind != "num" for arg in condition.args):
        return None
    a, b = condition.args
    return HOLDS[condition.data](a.data, b.data)


def indicator(condition: Term) -> Term:
    """1 where the condition holds, else 0; printed as where(condition, …, 0)."""
    known = decided(condition)
    if known is not None:
        return num(int(known))
    return make("ind", (condition,), None, condition.shape)


def where(condition: Term, a: Term, b: Term) -> Term:
    shape = common_shape([condition, a, b])
    known = decided(condition)
    if known is not None:
        return mul([a if known else b, ones(shape)])
    if a is b:
        return mul([a, ones(shape)])
    if is_zero(b):
        return mul([indicator(condition), a, ones(shape)])
    if is_zero(a):
        return mul([indicator(negation(condition)), b, ones(shape)])
    shared, a, b = _shared(unbroadcast(a), unbroadcast(b))
    if is_zero(sub(a, b)):
        return mul([*shared, a, ones(shape)])
    parts = (condition, a, b)
    return mul([*shared, make("fn", parts, ("where",), common_shape(parts)), ones(shape)])


def _is_pole(factor: Term) -> bool:
    """Whether this divides by a norm, which may be 0 where the branches are 0 as well: it stays within them."""
    base, exponent = power_of(factor)
    n = number_of(exponent)
    norm = base.kind == "fn" and base.data[0] in ("norm", "std", "vector_norm")
    return n is not None and n < 0 and (norm or base.kind == "sum")


def _shared(a: Term, b: Term) -> tuple[list[Term], Term, Term]:
    """The factors that both branches have, and the branches without them."""
    others = set(b.args if b.kind == "mul" else (b,))
    factors = a.args if a.kind == "mul" else (a,)
    shared = [f for f in factors if f in others and f.kind not in ("num", "ind") and not _is_pole(f)]
    if not shared:
        return [], a, b
    inverses = [power(factor, -1) for factor in shared]
    return shared, unbroadcast(mul([a, *inverses])), unbroadcast(mul([b, *inverses]))
