"""Matrix products, transposes, outer products and sums along dims as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autodiff.formula import term as t
from autodiff.formula.printing.levels import ATOM, LONG, PRODUCT, SIGN, Printed, dims_text, length
from autodiff.formula.term import Term

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer


def chain(printer: Printer, term: Term) -> Printed:
    args = _joined(list(term.args))
    text = " @ ".join(printer.within(arg, SIGN) for arg in args)
    if len(term.shape) == 2 and (len(text) < LONG or all(arg.kind in ("var", "t") for arg in args)):
        turned = [t.transpose(arg) for arg in reversed(args)]
        other = " @ ".join(printer.within(arg, SIGN) for arg in turned)
        if length(other) + 1 < length(text):
            return f"({other}).T", ATOM
    return text, PRODUCT


def _joined(args: list[Term]) -> list[Term]:
    """Inverses next to each other as the inverse of the product."""
    result: list[Term] = []
    for arg in args:
        before = result[-1] if result else None
        if before is not None and _is_inverse(before) and _is_inverse(arg):
            result[-1] = t.make("fn", (t.chain([arg.args[0], before.args[0]]),), ("inv",), arg.shape)
        elif before is not None and _is_turned_inverse(before) and _is_turned_inverse(arg):
            inner = t.chain([before.args[0].args[0], arg.args[0].args[0]])
            result[-1] = t.make("t", (t.make("fn", (inner,), ("inv",), arg.shape),), None, arg.shape)
        else:
            result.append(arg)
    return result


def _is_turned_inverse(term: Term) -> bool:
    return term.kind == "t" and _is_inverse(term.args[0])


def _is_inverse(term: Term) -> bool:
    return term.kind == "fn" and term.data == ("inv",)


def transpose(printer: Printer, term: Term) -> Printed:
    return f"{printer.within(term.args[0], ATOM)}.T", ATOM


def outer(printer: Printer, term: Term) -> Printed:
    return f"outer({printer.text(term.args[0])}, {printer.text(term.args[1])})", ATOM


def line(printer: Printer, term: Term) -> Printed:
    (x,) = term.args
    if x.kind == "sum" and x.data == (((1 if term.kind == "col" else 0),), False):
        return f"sum({printer.text(x.args[0])}{dims_text(x.data[0], True)})", ATOM
    return f"unsqueeze({printer.text(term.args[0])}, {1 if term.kind == 'col' else 0})", ATOM


def total(printer: Printer, term: Term) -> Printed:
    dims, keepdim = term.data
    (x,) = term.args
    return f"sum({printer.text(x.args[0] if x.kind == 'ind' else x)}{dims_text(dims, keepdim)})", ATOM
