"""Inverse, determinant, trace and diagonal."""

from __future__ import annotations

from autodiff.formula.term.algebra import dim_term, mul, power, scalars_of, split
from autodiff.formula.term.core import Term, eye, is_zero, make, num, ones
from autodiff.formula.term.functions import SPECIAL
from autodiff.formula.term.matrix import chain, transpose, turns


def diagonal(x: Term) -> Term:
    """The diagonal of a matrix, or the matrix of a diagonal."""
    if x.kind == "t":
        return diagonal(x.args[0])
    if x.kind == "outer":
        return mul([*x.args])
    scalars, rest = scalars_of(x)
    if scalars:
        return mul([*scalars, diagonal(rest)])
    if len(x.shape) == 2:
        x = _upright(x)
    if len(x.shape) == 1:
        return eye(x.shape[0]) if x.kind == "ones" else make("fn", (x,), ("diag",), (x.shape[0], x.shape[0]))
    if x.kind == "eye":
        return ones(x.shape[:1])
    return make("fn", (x,), ("diag",), x.shape[:1])


def inverse(x: Term) -> Term:
    coefficient, core = split(x)
    if coefficient != 1 and core.kind != "num":
        return mul([power(num(coefficient), -1), inverse(core)])
    scalars, rest = scalars_of(x)
    if scalars and rest.shape == x.shape:
        return mul([*[power(s, -1) for s in scalars], inverse(rest)])
    if x.kind == "eye":
        return x
    if x.kind == "fn" and x.data == ("inv",):
        return x.args[0]
    if x.kind == "t":
        return transpose(inverse(x.args[0]))
    if x.kind == "chain" and all(len(a.shape) == 2 and a.shape[0] == a.shape[1] for a in x.args):
        return chain([inverse(a) for a in reversed(x.args)])
    return make("fn", (x,), ("inv",), x.shape)


def determinant(x: Term) -> Term:
    if x.kind == "t":
        x = x.args[0]
    if x.kind == "eye":
        return num(1)
    if x.kind == "fn" and x.data == ("inv",):
        return power(determinant(x.args[0]), -1)
    return make("fn", (x,), ("det",), ())


def trace(x: Term) -> Term:
    scalars, rest = scalars_of(x)
    if scalars:
        return mul([*scalars, trace(rest)])
    if x.kind == "t":
        return trace(x.args[0])
    if x.kind == "eye":
        return dim_term(x.shape[0])
    if x.kind == "outer":
        return chain([x.args[0], x.args[1]])
    if is_zero(x):
        return num(0)
    return make("fn", (_upright(x),), ("trace",), ())


def _upright(x: Term) -> Term:
    """The matrix or its transpose, whichever has fewer transposes in it: diagonals are the same."""
    if x.kind != "chain":
        return x
    turned = transpose(x)
    return min(x, turned, key=lambda form: (turns(form.args), form.id)) if turned.kind == "chain" else x


SPECIAL.update(inv=inverse, det=determinant, trace=trace)
