"""Products, powers and what holds under conditions as text."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from autodiff.formula import term as t
from autodiff.formula.printing.levels import ATOM, POWER, PRODUCT, SIGN, SUM, Printed, bracketed, rational
from autodiff.formula.term import Term

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
    coefficient = term.data
    if coefficient == 0:
        text = printer.text(term.args[0])
        return text.replace("ones", "zeros", 1) if text.startswith("ones") else f"0*{text}", PRODUCT
    negative = coefficient < 0
    coefficient = abs(coefficient)
    above: list[Printed] = []
    below: list[Printed] = []
    exact = isinstance(coefficient, Fraction)
    if not exact or coefficient.numerator != 1:
        above.append(rational(Fraction(coefficient.numerator) if exact else coefficient))
    if exact and coefficient.denominator != 1:
        below.append((str(coefficient.denominator), ATOM))
    sizes: list[str] = []
    divisors: list[str] = []
    plain: list[Term] = []
    last: Term | None = None
    roots: list[Term] = []
    for arg in sorted(term.args, key=_order):
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
    means = _means(plain, divisors)
    above.extend((text, ATOM) for text in printer.sizes(sizes))
    below.extend((text, ATOM) for text in printer.sizes(divisors))
    if plain and plain[-1].kind == "chain" and not any(arg.shape for arg in plain[:-1]):
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


def _means(factors: list[Term], divisors: list[str]) -> list[Term]:
    """The factors that are sums over as many elements as the product is divided by; takes these from the divisors."""
    found = []
    for factor in factors:
        x = factor.args[0] if factor.kind in ("col", "row") else factor
        if x.kind != "sum":
            continue
        summed = x.args[0].shape
        dims = range(len(summed)) if x.data[0] is None else x.data[0]
        names: list[str] = []
        for dim in dims:
            size = summed[dim]
            if isinstance(size, int) or len(size.terms) != 1 or size.terms[0][1] != 1:
                break
            names.extend(size.terms[0][0])
        else:
            if names and contains(divisors, names):
                for name in names:
                    divisors.remove(name)
                found.append(factor)
    return found


def _mean(printer: Printer, term: Term) -> Printed:
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
            return f"sqrt({printer.text(base)})", ATOM
        if n < 0 and (n.denominator == 1 or n == Fraction(-1, 2)):
            return f"1/{printer.within(t.power(base, -n), POWER)}", PRODUCT
    return f"{printer.within(base, ATOM)}^{printer.within(exponent, POWER)}", POWER


def contains(rest: list[str], part: list[str]) -> bool:
    return all(rest.count(name) >= part.count(name) for name in part)
