"""Inverse, determinant, trace and diagonal."""

from __future__ import annotations

from autodiff.formula.term.core import Term, is_zero, make, num
from autodiff.formula.term.functions import SPECIAL
from autodiff.formula.term.laws import MAKERS, rewritten
from autodiff.formula.term.matrix import transpose, turns


def diagonal(x: Term) -> Term:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    found = rewritten("diag", x)
    if found is not None:
        return found
    if len(x.shape) == 2:
        x = _upright(x)
    return make("fn", (x,), ("diag",), (x.shape[0], x.shape[0]) if len(x.shape) == 1 else x.shape[:1])


def inverse(x: Term) -> Term:
    return rewritten("inv", x) or make("fn", (x,), ("inv",), x.shape)


def determinant(x: Term) -> Term:
    return rewritten("det", x) or make("fn", (x,), ("det",), ())


def trace(x: Term) -> Term:
    if is_zero(x):
        return num(0)
    return rewritten("trace", x) or make("fn", (_upright(x),), ("trace",), ())


def _upright(x: Term) -> Term:
    """The matrix or its transpose, whichever has fewer transposes in it: diagonals are the same."""
    if x.kind != "chain":
        return x
    turned = transpose(x)
    return min(x, turned, key=lambda form: (turns(form.args), form.id)) if turned.kind == "chain" else x


MAKERS.update(inv=inverse, det=determinant, trace=trace, diag=diagonal)
SPECIAL.update(inv=inverse, det=determinant, trace=trace)
