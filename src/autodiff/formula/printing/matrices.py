"""Matrix products, transposes, outer products and sums along dims as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autodiff.formula import term as t
from autodiff.formula.printing import reductions
from autodiff.formula.printing.levels import ATOM, LONG, PRODUCT, SIGN, Printed, bracketed, dims_text, length
from autodiff.formula.term import Term

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer


def chain(printer: Printer, term: Term) -> Printed:
    args = _joined(printer, list(term.args))
    text, level = _product(printer, args)
    if len(term.shape) == 2 and (len(text) < LONG or all(arg.kind in ("var", "t") for arg in args)):
        other = _product(printer, [t.transpose(arg) for arg in reversed(args)])
        saved = length(text) - length(other[0]) - 1
        if saved > 0 or (saved == 0 and level == other[1] == ATOM):  # of one power, the transpose stands behind it
            return f"{bracketed(other, ATOM)}.T", ATOM
    return text, level


POWERS_FROM = 3  # equal factors of a matrix product that are a power of it: X @ X is shorter than one
LONG_FACTOR = 3  # operators of a factor of which two are one already


def _product(printer: Printer, args: Sequence[Term]) -> Printed:
    """The factors, and runs of equal ones as powers."""
    pieces: list[Printed] = []
    start = 0
    for i, arg in enumerate(args):
        if i + 1 < len(args) and args[i + 1] is arg:
            continue
        count = i + 1 - start
        long = count == 2 and len(arg.shape) == 2 and length(printer.text(arg)) >= LONG_FACTOR
        if count >= POWERS_FROM or long:
            pieces.append((f"matrix_power({printer.text(arg)}, {count})", ATOM))
        else:
            pieces.extend([printer.print(arg)] * count)
        start = i + 1
    return pieces[0] if len(pieces) == 1 else (" @ ".join(bracketed(piece, SIGN) for piece in pieces), PRODUCT)


def _joined(printer: Printer, args: list[Term]) -> list[Term]:
    """Inverses next to each other as the inverse of the product; equal long ones stay, to be a power."""
    result: list[Term] = []
    for arg in args:
        before = result[-1] if result else None
        if before is arg and length(printer.text(arg)) >= LONG_FACTOR:
            result.append(arg)
        elif before is not None and _is_inverse(before) and _is_inverse(arg):
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
    dim = 1 if term.kind == "col" else 0
    kept = reductions.kept(term)
    return printer.print(kept) if kept is not None else (f"unsqueeze({printer.text(x)}, {dim})", ATOM)


def total(printer: Printer, term: Term) -> Printed:
    dims, keepdim = term.data
    (x,) = term.args
    return f"sum({printer.text(x.args[0] if x.kind == 'ind' else x)}{dims_text(dims, keepdim)})", ATOM
