"""Other forms of a product: a minus sign put into a difference, a coefficient or a divisor into a sum."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from autodiff.formula import sums
from autodiff.formula import term as t
from autodiff.formula.term import Term


def forms(term: Term) -> Iterator[Term]:
    """Forms of a product, a chain or an outer product, all of them equal to it."""
    if term.kind != "mul":
        return
    if len(term.args) == 1 and term.args[0].kind == "add" and term.data != 1:
        yield t.add([t.times(term.data, arg) for arg in term.args[0].args])
    if term.data < 0:
        yield from _turned_differences(term)
    yield from _divided_sums(term)
    yield from _over_common(term)


def _turned_differences(term: Term) -> Iterator[Term]:
    """-2*(a - b) @ c as 2*(b - a) @ c."""
    for i, factor in enumerate(term.args):
        others = [*term.args[:i], *term.args[i + 1 :]]
        if _is_difference(factor):
            yield t.mul([t.num(-term.data), _turned(factor), *others, t.ones(term.shape)])
        elif factor.kind in ("chain", "outer"):
            for k, inner in enumerate(factor.args):
                if _is_difference(inner):
                    args = [*factor.args[:k], _turned(inner), *factor.args[k + 1 :]]
                    product = t.chain(args) if factor.kind == "chain" else t.outer(*args)
                    yield t.mul([t.num(-term.data), product, *others])


def _is_difference(term: Term) -> bool:
    return term.kind == "add" and any(t.split(arg)[0] < 0 for arg in term.args)


def _turned(term: Term) -> Term:
    return t.add([t.neg(arg) for arg in term.args])


def _divided_sums(term: Term) -> Iterator[Term]:
    """1/(x^2*(1 + y^2/x^2)) as 1/(x^2 + y^2)."""
    for factor in term.args:
        inside, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if inside.kind != "add" or not isinstance(n, Fraction):
            continue
        for other in term.args:
            base, power = t.power_of(other)
            m = t.number_of(power)
            if other is factor or not isinstance(m, Fraction) or (m / n).denominator != 1 or m / n < 1:
                continue
            if not any(base in _divisors(arg) for arg in inside.args):
                continue
            scale = t.power(base, m / n)
            rest = [arg for arg in term.args if arg is not factor and arg is not other]
            within = t.add([t.mul([arg, scale]) for arg in inside.args])
            yield t.mul([t.num(term.data), *rest, t.power(within, exponent), t.ones(term.shape)])


def _over_common(term: Term) -> Iterator[Term]:
    """A factor that is a sum brought over a common divisor, when another factor then cancels or merges."""
    for factor in term.args:
        base, exponent = t.power_of(factor)
        if base.kind == "add" and len(base.args) <= sums.MANY and t.number_of(exponent) in (1, -1):
            rest = [arg for arg in term.args if arg is not factor]
            for form in sums.over_common(base):
                yield t.mul([t.num(term.data), *rest, t.power(form, exponent), t.ones(term.shape)])


def _divisors(term: Term) -> list[Term]:
    _, core = t.split(term)
    found = []
    for factor in core.args if core.kind == "mul" else (core,):
        base, exponent = t.power_of(factor)
        n = t.number_of(exponent)
        if isinstance(n, Fraction) and n < 0:
            found.append(base)
    return found
