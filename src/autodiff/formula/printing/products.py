"""Products, powers and what holds under conditions as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    negative = coefficient < 0
    coefficient = -coefficient if negative else coefficient
    above: list[Printed] = []
    below: list[Printed] = []
    if not isinstance(coefficient, Fraction):
        above.append(rational(coefficient))
    elif coefficient.numerator != 1:
        above.append(rational(Fraction(coefficient.numerator)))
    if isinstance(coefficient, Fraction) and coefficient.denominator != 1:
        below.append((str(coefficient.denominator), ATOM))
    sizes: list[str] = []
    divisors: list[str] = []
    plain: list[Term] = []
    last: Term | None = None
    roots: list[Term] = []
    for arg in sorted(map(_placed_outside, args), key=_order):
        base, exponent = t.power_of(arg)
        n = t.number_of(exponent)
        if base.kind == "dim" and isinstance(n, Fraction) and n.denominator == 1:
            (sizes if n > 0 else divisors).extend([base.data] * abs(n.numerator))
        elif isinstance(n, Fraction) and n < 0 and (n.denominator == 1 or n == Fraction(-1, 2)):
            below.append(printer.print(t.power(base, -n)))
        elif isinstance(n, Fraction) and n < 0:
            roots.append(arg)
        else:
            plain.append(arg)
    if plain or above or sizes:
        below.extend(printer.print(t.power(arg.args[0], t.neg(arg.args[1]))) for arg in roots)
    else:
        plain.extend(roots)
    means = [*averaged, *_means(plain, divisors)]
    above.extend((text, ATOM) for text in printer.sizes(sizes))
    below.extend((text, ATOM) for text in printer.sizes(divisors))
    if plain and plain[-1].kind == "chain" and plain[-1] not in means and not any(arg.shape for arg in plain[:-1]):
        last = plain.pop()
    above.extend(_mean(printer, arg) if arg in means else printer.print(arg) for arg in plain)
    pieces = [bracketed(piece, PRODUCT if len(above) == 1 and last is None else SIGN) for i, piece in enumerate(above)]
    if last is not None:
        pieces.append(printer.text(last) if last.shape or not below else printer.within(last, SIGN))
        if not last.shape:
            pieces[-1] = printer.within(last, SIGN)
    text = "*".join(pieces) or "1"
    if below:
        divisor = bracketed(below[0], POWER) if len(below) == 1 else None
        if divisor is None:
            divisor = "(" + "*".join(bracketed(piece, SIGN) for piece in below) + ")"
        text += "/" + divisor
    if negative:
        return f"-{text}", SIGN if text.isidentifier() else PRODUCT
    level = PRODUCT if len(pieces) > 1 or below or last is not None else above[0][1]
    return text, level


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
