"""Calls as text: each operation by its name, with its parameters as its signature has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from autodiff.formula import term as t
from autodiff.formula.printing import classes, convolutions
from autodiff.formula.printing.levels import (
    ATOM,
    INTERSECTION,
    LONG,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    UNION,
    Printed,
    dims_text,
    length,
)
from autodiff.formula.refusal import no_formula
from autodiff.formula.term import Term
from autodiff.graph.dtypes import DType
from autodiff.graph.lookup import find
from autodiff.graph.sizes import Size

if TYPE_CHECKING:
    from autodiff.formula.printing.printer import Printer


def call_of(printer: Printer, term: Term) -> Printed:
    name, *params = term.data
    special = CALLS.get(name)
    if special is not None:
        return special(printer, term, params)
    if find("", name) is None and not name.startswith("F."):
        raise no_formula(f"{name} has no form in a formula")
    texts = [printer.text(arg) for arg in term.args]
    if (
        name in t.ELEMENTWISE
        and len(texts) == 1
        and len(term.shape) == 2
        and texts[0].endswith(".T")
        and len(texts[0]) < LONG
    ):
        other = printer.text(t.transpose(term.args[0]))
        if length(other) < length(texts[0]):
            return f"{name}({other}).T", ATOM
    return f"{name}({', '.join([*texts, *map(_param, params)])})", ATOM


SHORTER = {"vector_norm": "norm"}  # with the same parameters in the same order


def _call(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    op, given = params
    name = SHORTER.get(op.name, op.name)
    if name in convolutions.FORMS:
        return convolutions.convolution(printer, term, name, given)
    if name in ("slice", "select"):
        return _item(printer, term.args[0], name, given), ATOM
    if find("", name) is None and not (name.startswith(("linalg.", "special.", "F."))):
        raise no_formula(f"{name} has no form in a formula")
    values = op.arrange([printer.text(arg) for arg in term.args], given)
    texts = []
    for value, param in zip(values, op.signature.params, strict=False):
        if param.kind == "Tensor" and value is not None:
            texts.append(value)
        elif param.kind == "Tensors":
            texts.append("[" + ", ".join(value) + "]")
        elif param.kind == "sizes":
            texts.append("(" + ", ".join(printer.dim(size) for size in value) + ("," if len(value) == 1 else "") + ")")
        else:
            texts.append(printer.dim(value) if isinstance(value, Size) else _param(value))
    registered = find("", name)
    known = registered.signature.params if registered is not None else op.signature.params
    if len(known) >= len(texts):
        while texts and known[len(texts) - 1].name == op.signature.params[len(texts) - 1].name:
            default = known[len(texts) - 1].default
            if not isinstance(default, (int, str, type(None))) or texts[-1] != repr(default):
                break
            texts.pop()
    names = [param.name for param in known]
    own = [param.name for param in op.signature.params[: len(texts)]]
    if set(own) == set(names[: len(own)]):
        texts = [texts[own.index(other)] for other in names[: len(own)]]
        own = names[: len(own)]
    for i, param in enumerate(own):
        if param in names and (names.index(param) != i or known[i].keyword_only):
            texts[i] = f"{param}={texts[i]}"  # the operation that users call has it in another place
    return f"{name}({', '.join(texts)})", ATOM


def _item(printer: Printer, x: Term, name: str, given: Sequence[Any]) -> str:
    dim, *place = given
    if name == "slice":
        start, end, step = place
        first = printer.place(start, x.shape[dim]) if start else ""
        last = "" if end is None or end == x.shape[dim] else printer.place(end, x.shape[dim])
        text = f"{first}:{last}" + (f":{step}" if step != 1 else "")
    else:
        text = printer.place(place[0], x.shape[dim])
    return f"{printer.within(x, ATOM)}[{':, ' * dim}{text}]"


def _param(value: Any) -> str:
    if isinstance(value, DType):
        return value.name
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, tuple):
        return _param(value[0]) if len(value) == 1 else "(" + ", ".join(map(_param, value)) + ")"
    if isinstance(value, (bool, int, float, str)) or value is None:
        return repr(value)
    if isinstance(value, Size):
        raise no_formula("a size stands where a formula has no place for it")
    raise no_formula(f"{value!r} has no form in a formula")


def _where(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    condition, a, b = term.args
    texts = [printer.text(a), printer.text(b)]
    if not a.shape and not b.shape:
        texts = [text + ".0" if re.fullmatch(r"-?[0-9]+", text) else text for text in texts]
    return f"where({printer.text(condition)}, {', '.join(texts)})", ATOM


def _logic(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    op = term.data[0]
    level = INTERSECTION if op == "&" else UNION
    return f" {op} ".join(printer.within(arg, SUM) for arg in term.args), level


def _not(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"~{printer.within(term.args[0], ATOM)}", SIGN


def _reshape(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    sizes = ", ".join(printer.dim(size) for size in params[0])
    return f"reshape({printer.text(term.args[0])}, ({sizes},))", ATOM


def _prod(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"{term.data[0]}({printer.text(term.args[0])}{dims_text(*params) if params else ''})", ATOM


def _pick(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    return f"{printer.within(term.args[0], ATOM)}[{params[0]}]", ATOM


def _pad(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    """Zeros before and behind, beginning with the last dim."""
    dim, *zeros = params
    sizes = ["0"] * 2 * (len(term.shape) - 1 - dim) + [printer.dim(size) for size in zeros]
    return f"F.pad({printer.text(term.args[0])}, ({', '.join(sizes)}))", ATOM


def _cut(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    """Without so many places before and behind."""
    dim, before, behind = params
    size = term.args[0].shape[dim]
    first = printer.dim(before) if before else ""
    last = printer.place(size - behind, size) if behind else ""
    return f"{printer.within(term.args[0], ATOM)}[{':, ' * dim}{first}:{last}]", ATOM


def _element(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    """x[i], X[i], X[:, k] or X[i, k]."""
    (x,) = term.args
    place = printer.place(params[0], x.shape[0])
    if x.kind == "fn" and x.data[0] == "item":
        row, before = x.args[0], printer.place(x.data[1], x.args[0].shape[0])
        place = f"{place}, {before}" if row.kind == "t" else f"{before}, {place}"
        x = row.args[0] if row.kind == "t" else row
    elif x.kind == "t":
        x, place = x.args[0], f":, {place}"
    return f"{printer.within(x, ATOM)}[{place}]", ATOM


def _spread(printer: Printer, term: Term, params: Sequence[Any]) -> Printed:
    x = printer.text(term.args[0])
    if not params:
        return f"{term.data[0]}({x})", ATOM
    dims, correction, keepdim = params
    along = f", dim={_param(dims)}" if dims is not None and len(dims) < len(term.args[0].shape) else ""
    corrected = f", correction={_param(correction)}" if correction != 1 else ""
    return f"{term.data[0]}({x}{along}{corrected}{', keepdim=True' * keepdim})", ATOM


METHODS = {"int64": "long()"}  # conversions that have a name of their own

CALLS: dict[str, Callable[[Printer, Term, Sequence[Any]], Printed]] = {
    "call": _call,
    "where": _where,
    "&": _logic,
    "|": _logic,
    "not": _not,
    "reshape": _reshape,
    "prod": _prod,
    "std": _spread,
    "var": _spread,
    "logsumexp": _prod,
    "item": _element,
    "pad": _pad,
    "cut": _cut,
    "pick": _pick,
    "slogdet": lambda printer, term, params: (f"slogdet({printer.text(term.args[0])})[1]", ATOM),
    "to": lambda printer, term, params: (
        f"{printer.within(term.args[0], ATOM)}.{METHODS.get(params[0], f'to({params[0]})')}",
        ATOM,
    ),
    "/": lambda printer, term, params: (
        f"{printer.within(term.args[0], PRODUCT)}/{printer.within(term.args[1], POWER)}",
        PRODUCT,
    ),
    **classes.CALLS,
}
