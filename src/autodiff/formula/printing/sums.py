"""Leaves, sums and comparisons as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING

from autodiff.formula import term as t
from autodiff.formula.printing.levels import ATOM, COMPARISON, LONG, PRODUCT, SIGN, SUM, Printed, length, rational
from autodiff.formula.term import Term

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer


def number(printer: Printer, term: Term) -> Printed:
    return rational(term.data)


def named(printer: Printer, term: Term) -> Printed:
    return term.data, SIGN if term.data.startswith("-") else ATOM


def variable(printer: Printer, term: Term) -> Printed:
    return term.data, ATOM


def size(printer: Printer, term: Term) -> Printed:
    return printer.size_named(term.data), ATOM


def ones(printer: Printer, term: Term) -> Printed:
    for name, shape in printer.shapes.items():
        if shape == term.shape:
            return f"ones_like({name})", ATOM
    return f"ones({', '.join(printer.dim(size) for size in term.shape)})", ATOM


def identity(printer: Printer, term: Term) -> Printed:
    return f"eye({printer.dim(term.shape[0])})", ATOM


def unit(printer: Printer, term: Term) -> Printed:
    return f"eye({printer.dim(term.shape[0])})[{printer.place(term.data, term.shape[0])}]", ATOM


def constant(printer: Printer, term: Term) -> Printed:
    data = term.data[0]
    text = re.sub(r",\)", "]", repr(data)).replace("(", "[").replace(")", "]")
    return f"tensor({text})", ATOM


def _degree(printer: Printer, root: Term) -> Fraction:
    """The degree of a polynomial; functions count as variables.  Remembered, and found without recursion."""
    known = printer.degrees
    stack = [root]
    while stack:
        term = stack[-1]
        missing = [arg for arg in _counted(term) if arg not in known] if term not in known else []
        if missing:
            stack.extend(missing)
        else:
            stack.pop()
            known[term] = _degree_from(term, known)
    return known[root]


def _counted(term: Term) -> tuple[Term, ...]:
    """The operands whose degrees decide that of the term."""
    if term.kind in ("mul", "chain", "outer", "add"):
        return term.args
    return term.args[:1] if term.kind == "pow" and isinstance(t.number_of(term.args[1]), Fraction) else ()


def _degree_from(term: Term, known: Mapping[Term, Fraction]) -> Fraction:
    kind = term.kind
    if kind in ("num", "named", "ones"):
        return Fraction(0)
    inner = [known[arg] for arg in _counted(term)]
    if not inner:
        return Fraction(1)
    if kind == "pow":
        return inner[0] * Fraction(t.number_of(term.args[1]) or 1)
    return max(inner) if kind == "add" else sum(inner, Fraction(0))


def sum_(printer: Printer, term: Term) -> Printed:
    elements = elements_of(term)
    if elements is not None:
        return _stacked(printer, elements), ATOM
    text = _sum_text(printer, term)
    if len(term.shape) == 2 and len(text) < LONG and ".T" in text:
        turned = t.transpose(term)
        other = _sum_text(printer, turned) if turned.kind == "add" else text
        if length(other) + 1 < length(text):
            return f"({other}).T", ATOM
    return text, SUM


SMALL = 6  # elements of a tensor that is written by its elements


def elements_of(term: Term) -> list[Term] | None:
    """The elements, or rows, of a small tensor that is a sum of multiples of unit vectors or of rows."""
    shape = term.shape
    if len(shape) not in (1, 2) or not all(isinstance(size, int) and size <= SMALL for size in shape):
        return None
    if not all(any(map(_is_unit, arg.args if arg.kind == "mul" else (arg,))) for arg in term.args):
        return None
    size = shape[0]
    assert isinstance(size, int)
    return [t.item(term, i) for i in range(size)]


def _is_unit(factor: Term) -> bool:
    return factor.kind == "unit" or (factor.kind == "outer" and factor.args[0].kind == "unit")


def _stacked(printer: Printer, elements: list[Term]) -> str:
    if all(element.kind == "num" for element in elements):
        return f"tensor([{', '.join(map(_float, elements))}])"
    return f"stack([{', '.join(_part(printer, element) for element in elements)}])"


def _part(printer: Printer, element: Term) -> str:
    """A number, or a row: also one that is a multiple of a single unit vector."""
    if element.kind == "num":
        return f"tensor({_float(element)})"
    if element.kind == "unit" or (element.kind == "mul" and any(map(_is_unit, element.args))):
        size = element.shape[0]
        assert isinstance(size, int)
        return _stacked(printer, [t.item(element, i) for i in range(size)])
    return printer.text(element)


def _float(number: Term) -> str:
    text = rational(number.data)[0]
    return f"{text}." if text.lstrip("-").isdigit() else text


def _sum_text(printer: Printer, term: Term) -> str:
    parts = [(t.split(arg)[0] < 0, arg) for arg in term.args]
    parts.sort(key=lambda part: (-_degree(printer, part[1]), t.split(part[1])[1].id))
    positive = next((part for part in parts if not part[0]), None)
    if positive is not None:
        parts.remove(positive)
        parts.insert(0, positive)
    text = ""
    for negative, arg in parts:
        if not text:
            text = printer.within(arg, SUM)
        elif negative:
            text += " - " + printer.within(t.neg(arg), PRODUCT)
        else:
            text += " + " + printer.within(arg, PRODUCT)
    return text


def comparison(printer: Printer, term: Term) -> Printed:
    a, b = term.args
    return f"{printer.within(a, SUM)} {term.data} {printer.within(b, SUM)}", COMPARISON
