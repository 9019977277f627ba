"""Walking terms and building them again, without recursion: terms may be thousands deep."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from autodiff.formula import term as t
from autodiff.formula.term import Term


def postorder(root: Term, into: Callable[[Term], bool] | None = None) -> list[Term]:
    """All terms in a term, operands first; with `into`, operands only of those of which it is true."""
    order: list[Term] = []
    seen: set[Term] = set()
    stack: list[tuple[Term, bool]] = [(root, False)]
    while stack:
        term, ready = stack.pop()
        if ready:
            order.append(term)
        elif term not in seen:
            seen.add(term)
            stack.append((term, True))
            if into is None or into(term):
                stack.extend((arg, False) for arg in term.args)
    return order


def rebuild(term: Term, args: Sequence[Term]) -> Term:
    """The same operation of other operands, in normal form."""
    kind, data = term.kind, term.data
    if kind == "add":
        return t.add([*args])
    if kind == "mul":
        return t.mul([t.num(data), *args, t.ones(term.shape)])
    if kind == "pow":
        return t.power(args[0], args[1])
    if kind == "chain":
        return t.chain(args)
    if kind == "t":
        return t.transpose(args[0])
    if kind == "outer":
        return t.outer(*args)
    if kind == "col":
        return t.column(args[0])
    if kind == "row":
        return t.row(args[0])
    if kind == "sum":
        return t.total(args[0], *data)
    if kind == "fn" and len(data) == 1:
        return t.fn(data[0], args, (), term.shape)
    if kind == "cmp":
        return t.compare(data, *args)
    if kind == "ind":
        return t.indicator(args[0])
    return t.make(kind, args, data, term.shape)
