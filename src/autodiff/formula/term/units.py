"""Single elements of vectors, and the vectors of which all elements but one are zero: x[2] and eye(n)[2]."""

from __future__ import annotations

from autodiff.formula.term.algebra import OF_VECTORS, add, mul, power, scalars_of
from autodiff.formula.term.core import Term, make, num, number_of, ones, zeros
from autodiff.graph.sizes import Dim


def unit(size: Dim, i: Dim) -> Term:
    """The vector with 1 at place i, 0 elsewhere."""
    return make("unit", (), i, (size,)) if size != 1 else ones((1,))


def item(x: Term, i: Dim) -> Term:
    """Element i of a vector, of which that of a sum or product is one of its parts; or row i of a matrix."""
    if not x.shape:
        return x
    if len(x.shape) == 2:
        scalars, rest = scalars_of(x)
        if rest.kind == "eye":
            return mul([*scalars, unit(rest.shape[0], i)])
        if rest.kind == "add" and all(arg.shape == rest.shape or len(arg.shape) < 2 for arg in rest.args):
            parts = [item(arg, i) if len(arg.shape) == 2 else arg for arg in rest.args]
            return mul([*scalars, add(parts), ones(x.shape[1:])])
        if rest.kind == "outer":
            return mul([*scalars, item(rest.args[0], i), rest.args[1]])
        return mul([*scalars, make("fn", (rest,), ("item", i), x.shape[1:])])
    if x.kind == "ones":
        return num(1)
    if x.kind == "unit" and (x.data == i or isinstance(x.data, int) is isinstance(i, int)):
        return num(int(x.data == i))
    if x.kind == "add":
        return add([item(arg, i) for arg in x.args])
    if x.kind == "mul":
        return mul([num(x.data), *[item(arg, i) for arg in x.args]])
    if x.kind == "pow" and number_of(x.args[1]) is not None:
        return power(item(x.args[0], i), x.args[1])
    return make("fn", (x,), ("item", i), ())


def picked(factors: list[Term]) -> list[Term]:
    """The factors of a product, of which one is such a vector: of the others only one element counts."""
    first = next(factor for factor in factors if factor.kind == "unit")
    rest = [factor for factor in factors if factor is not first]
    if any(factor.kind == "unit" and isinstance(factor.data, int) and isinstance(first.data, int) for factor in rest):
        return [zeros(first.shape)]
    if any(factor.shape not in ((), first.shape) for factor in rest):
        return factors
    return [first, *[item(factor, first.data) for factor in rest]]


OF_VECTORS.append(picked)
