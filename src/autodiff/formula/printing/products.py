"""Products, powers and what holds under conditions as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

from autodiff.formula import term as t
from autodiff.formula.printing import reductions
from autodiff.formula.printing.levels import ATOM, POWER, PRODUCT, SIGN, SUM, Printed, bracketed, rational
from autodiff.formula.term import Term
from autodiff.graph.sizes import Dim

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer


_ORDER = {"dim": 0, "named": 1, "var": 3, "t": 3, "pow": 4, "fn": 5, "sum": 5, "add": 6, "outer": 7, "chain": 9}


def _order(term: Term) -> tuple[int, int, int, int]:
    inner = _ORDER.get(term.args[0].kind, 5) if term.kind == "pow" else 0
    return (bool(term.shape) or term.kind == "dim", _ORDER.get(term.kind, 5), inner, term.id)


def product(printer: Printer, term: Term) -> Printed:
    """A product as a quotient; its conditions stand around it."""
    conditions = [arg for arg in term.args if arg.kind == "ind"]
    if conditions:
        others = [arg for arg in term.args if arg.kind != "ind"]
        others = [arg for arg in others if arg.kind != "ones" or t.common_shape([*conditions]) != term.shape]
        rest = t.mul([t.num(term.data), *others]) if others else t.num(term.data)
        return _where_zero(printer, conditions, rest), ATOM
    number, args = _flat(term)
    coefficient, averaged = _averaged(number, args)
    if coefficient == 0:
        text = printer.text(term.args[0])
        return text.replace("ones", "zeros", 1) if text.startswith("ones") else f"0*{text}", PRODUCT
    if coefficient < 0:
        text, _ = _quotient(printer, -coefficient, args, averaged)
        return f"-{text}", SIGN if text.isidentifier() else PRODUCT
    return _quotient(printer, coefficient, args, averaged)


def _quotient(printer: Printer, coefficient: t.Scalar, args: list[Term], averaged: list[Term]) -> Printed:
    """Factors over divisors: numbers first, then sizes, then the others."""
    above, below = _numbers(coefficient)
    factors = _Factors(args)
    plain = factors.plain
    below.extend(map(printer.print, factors.divisors))
    if plain or above or factors.sizes:
        below.extend(printer.print(t.power(arg.args[0], t.neg(arg.args[1]))) for arg in factors.roots)
    else:
        plain.extend(factors.roots)
    means = [*averaged, *_means(plain, factors.size_divisors)]
    above.extend((text, ATOM) for text in printer.sizes(factors.sizes))
    below.extend((text, ATOM) for text in printer.sizes(factors.size_divisors))
    last: Term | None = None
    if plain and plain[-1].kind == "chain" and plain[-1] not in means and not any(arg.shape for arg in plain[:-1]):
        last = plain.pop()
    above.extend(_mean(printer, arg) if arg in means else printer.print(arg) for arg in plain)
    pieces = [bracketed(piece, PRODUCT if len(above) == 1 and last is None else SIGN) for piece in above]
    if last is not None:
        pieces.append(printer.text(last) if last.shape else printer.within(last, SIGN))
    text = "*".join(pieces) or "1"
    if len(below) == 1:
        text += f"/{bracketed(below[0], POWER)}"
    elif below:
        text += "/(" + "*".join(bracketed(piece, SIGN) for piece in below) + ")"
    return text, PRODUCT if len(pieces) > 1 or below or last is not None else above[0][1]


def _numbers(coefficient: t.Scalar) -> tuple[list[Printed], list[Printed]]:
    """What a positive number puts above and below."""
    if not isinstance(coefficient, Fraction):
        return [rational(coefficient)], []
    above, below = coefficient.numerator, coefficient.denominator
    return [rational(Fraction(above))] if above != 1 else [], [(str(below), ATOM)] if below != 1 else []


class _Factors:
    """The factors of a product in the order in which they are written, those with negative powers apart.

    `roots` have negative powers that are no whole numbers; `sizes` and `size_divisors` are the names of sizes.
    """

    __slots__ = ("divisors", "plain", "roots", "size_divisors", "sizes")

    def __init__(self, args: Iterable[Term]) -> None:
        self.plain: list[Term] = []
        self.divisors: list[Term] = []
        self.roots: list[Term] = []
        self.sizes: list[str] = []
        self.size_divisors: list[str] = []
        for arg in sorted(map(_placed_outside, args), key=_order):
            base, exponent = t.power_of(arg)
            n = t.number_of(exponent)
            if base.kind == "dim" and isinstance(n, Fraction) and n.denominator == 1:
                (self.sizes if n > 0 else self.size_divisors).extend([base.data] * abs(n.numerator))
            elif isinstance(n, Fraction) and n < 0 and (n.denominator == 1 or n == Fraction(-1, 2)):
                self.divisors.append(t.power(base, -n))
            elif isinstance(n, Fraction) and n < 0:
                self.roots.append(arg)
            else:
                self.plain.append(arg)


def _averaged(coefficient: t.Scalar, factors: Sequence[Term]) -> tuple[t.Scalar, list[Term]]:
    """The coefficient without the numbers of elements that are summed, and the sums that are means with these."""
    found = []
    for factor in factors:
        count = prod(size if isinstance(size, int) else 0 for size in _summed(factor))
        if count > 1 and isinstance(coefficient, Fraction) and coefficient.denominator % count == 0:
            coefficient *= count
            found.append(factor)
    return coefficient, found


def _means(factors: list[Term], divisors: list[str]) -> list[Term]:
    """The factors that are sums over as many elements as the product is divided by; takes these from the divisors."""
    found = []
    for factor in factors:
        names: list[str] = []
        for size in _summed(factor):
            if isinstance(size, int) or len(size.terms) != 1 or size.terms[0][1] != 1:
                break
            names.extend(size.terms[0][0])
        else:
            if names and contains(divisors, names):
                for name in names:
                    divisors.remove(name)
                found.append(factor)
    return found


def _summed(factor: Term) -> list[Dim]:
    """The sizes of the dims that a sum, or the product of two vectors, goes along."""
    x = factor.args[0] if factor.kind in ("col", "row") else factor
    if x.kind == "chain" and not x.shape and len(x.args) == 2:
        return list(x.args[0].shape)
    if x.kind != "sum" or x.args[0].kind == "ind":  # truth values are counted, but have no mean
        return []
    shape, dims = x.args[0].shape, x.data[0]
    return [shape[dim] for dim in (range(len(shape)) if dims is None else dims)]


def _mean(printer: Printer, term: Term) -> Printed:
    if term.kind == "chain":
        term = t.make("sum", (t.mul(term.args),), (None, False), ())
    text, level = printer.print(term)
    return text.replace("sum(", "mean(", 1), level


def _where_zero(printer: Printer, conditions: list[Term], rest: Term) -> str:
    tests = [printer.print(arg.args[0]) for arg in conditions]
    text = tests[0][0] if len(tests) == 1 else " & ".join(bracketed(test, SUM) for test in tests)
    if rest.shape or rest.kind not in ("num", "dim", "mul", "named"):
        return f"where({text}, {printer.text(rest)}, 0)"
    number = printer.text(rest)
    return f"where({text}, {number + '.0' if re.fullmatch(r'-?[0-9]+', number) else number}, 0.0)"


def indicator(printer: Printer, term: Term) -> Printed:
    return _where_zero(printer, [term], t.num(1)), ATOM


def power(printer: Printer, term: Term) -> Printed:
    base, exponent = term.args
    n = t.number_of(exponent)
    if isinstance(n, Fraction):
        if n == Fraction(1, 2):
            normed = reductions.normed(base)
            if normed is not None:
                return f"norm({printer.text(normed[0])}{reductions.norm_dims(*normed[1:])})", ATOM
            return f"sqrt({printer.text(base)})", ATOM
        if n < 0 and (n.denominator == 1 or n == Fraction(-1, 2)):
            return f"1/{printer.within(t.power(base, -n), POWER)}", PRODUCT
    return f"{printer.within(base, ATOM)}^{printer.within(exponent, POWER)}", POWER


def _flat(term: Term) -> tuple[t.Scalar, list[Term]]:
    """Coefficient and factors, those of a column or row of reductions among them."""
    coefficient: t.Scalar = term.data
    factors: list[Term] = []
    for arg in term.args:
        kept = reductions.kept(arg) if arg.kind in ("col", "row") else None
        if kept is not None and kept.kind == "mul":
            coefficient = coefficient * kept.data
            factors.extend(kept.args)
        else:
            factors.append(arg)
    return coefficient, factors


def _placed_outside(term: Term) -> Term:
    """A column of 1/x as 1 over the column of x."""
    if term.kind not in ("col", "row") or term.args[0].kind != "pow":
        return term
    base, exponent = term.args[0].args
    n = t.number_of(exponent)
    if n is None or n > 0 or exponent.shape or len(base.shape) != 1:
        return term
    return t.make("pow", (t.make(term.kind, (base,), None, term.shape), exponent), None, term.shape)


def contains(rest: list[str], part: list[str]) -> bool:
    return all(rest.count(name) >= part.count(name) for name in part)
