"""Labels of classes as text: one_hot(t, k), w[t], cross_entropy(x, t)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autodiff.formula.printing.levels import ATOM, Printed
from autodiff.formula.term import Term

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer

IGNORED = -100  # the label that PyTorch ignores unless another is named


def _labels(printer: Printer, term: Term) -> str:
    """A tensor: a number alone is none."""
    text = printer.text(term)
    return f"tensor({text})" if term.kind == "num" else text


def one_hot(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    """The classes are the last dim of one_hot, and may be another of the term."""
    ((axis,),) = params
    text = f"one_hot({_labels(printer, term.args[0])}, {printer.dim(term.shape[axis])})"
    return (text if axis == len(term.shape) - 1 else f"movedim({text}, -1, {axis})"), ATOM


def taken(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    """The elements that labels name, along dims from one on."""
    x, *labels = term.args
    return f"{printer.within(x, ATOM)}[{':, ' * params[0]}{', '.join(map(printer.text, labels))}]", ATOM


def unsqueezed(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"unsqueeze({printer.text(term.args[0])}, {params[0]})", ATOM


def loss(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    """cross_entropy and nll_loss, with what is not their default."""
    reduction, ignored = params
    texts = [printer.text(term.args[0]), _labels(printer, term.args[1]), *map(printer.text, term.args[2:])]
    if ignored != IGNORED:
        texts.append(f"ignore_index={ignored}")
    if reduction != "mean":
        texts.append(f"reduction='{reduction}'")
    return f"{term.data[0]}({', '.join(texts)})", ATOM


def index_put(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    into, *indices, values = map(printer.text, term.args)
    return f"index_put({into}, [{', '.join(indices)}], {values}, accumulate=True)", ATOM


def arange(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    start, end, step = params
    if step != 1:
        return f"arange({start}, {end}, {step})", ATOM
    return (f"arange({start}, {end})" if start else f"arange({end})"), ATOM


CALLS = {
    "index_put": index_put,
    "arange": arange,
    "one_hot": one_hot,
    "taken": taken,
    "unsqueezed": unsqueezed,
    "cross_entropy": loss,
    "nll_loss": loss,
}
