"""Operations as a person reads them: the list by family, one in full, and the page of the documentation.

What is said of an operation is what it declares; its derivatives are derived from its rules.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff import ops as _operations  # noqa: F401  (registers them)
from autodiff.errors import AutodiffError
from autodiff.formula.operation import WEIGHTS, Derivative, derivative
from autodiff.graph.lookup import NUMPY_SPELLINGS, PREFIXES, did_you_mean, find
from autodiff.graph.op import REGISTRY, Operation
from autodiff.report.diagnostics import Line
from autodiff.report.families import by_family, family, operations
from autodiff.report.tables import table
from autodiff.report.tensors import format_tensor
from autodiff.solve import Problem, solve

SIGNS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floor_divide", "%": "remainder", "@": "matmul", "^": "pow",
    "**": "pow", "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "&": "bitwise_and",
    "|": "bitwise_or", "~": "bitwise_not",
}  # fmt: skip


SHORTEST = 2  # letters of a word that is searched for


class About(NamedTuple):
    """Everything there is to say of an operation."""

    name: str
    signature: str
    aliases: tuple[str, ...]
    family: str
    doc: str
    derivative: Derivative | None
    kinks: str
    example: str
    result: str


def named(name: str) -> Operation | None:
    """The operation that a name means, with or without a module in front, or an operator's sign."""
    name = SIGNS.get(name, name).removesuffix("()")
    if name in REGISTRY:
        return REGISTRY[name]
    prefix, _, last = name.rpartition(".")
    return find(prefix if prefix in PREFIXES else "", last)


def about(operation: Operation) -> About:
    """An operation with its derivatives, and its example carried out."""
    return About(
        operation.name,
        operation.signature.shown,
        operation.aliases,
        family(operation),
        operation.doc,
        derivative(operation),
        operation.kinks,
        operation.example,
        _carried_out(operation.example),
    )


def _carried_out(example: str) -> str:
    answer = solve(Problem(example, {}))
    if answer.error is not None or answer.value is None:
        return ""
    return format_tensor(np.asarray(answer.value), default_dtype="float64")


def matching(words: str) -> list[Operation]:
    """Operations with all of the words in their names or lines of documentation; those with them in the name first."""
    parts = words.lower().split()
    if words and max(map(len, parts), default=0) < SHORTEST:
        return []
    found = [op for op in _shown() if all(part in _searched(op) for part in parts)]
    return sorted(found, key=lambda op: not all(part in " ".join(_names(op)).lower() for part in parts))


def _names(operation: Operation) -> tuple[str, ...]:
    return (operation.name, *operation.aliases)


def _searched(operation: Operation) -> str:
    return " ".join((*_names(operation), operation.doc)).lower()


def _shown() -> list[Operation]:
    return [op for op in operations() if not op.name.startswith("_")]


def unknown(name: str) -> AutodiffError:
    """The error for a name that is none, and for words that nothing has."""
    names = {other.rpartition(".")[2] for other in REGISTRY} | set(NUMPY_SPELLINGS)
    return AutodiffError(
        "usage",
        f"there is no operation {name!r:.60}, and none has that in its description",
        type="ValueError",
        help=[*did_you_mean(name.rpartition(".")[2], names), "autodiff ops lists all operations"],
    )


# Text


def list_lines(found: Sequence[Operation] | None = None) -> list[Line]:
    """One line an operation, by family; all of them, or those found."""
    lines: list[Line] = []
    if found is not None:
        return table([[(op.name, "command"), (_first(op.doc), "")] for op in found], indent="")
    for title, listed in by_family().items():
        lines.append([(title, "title")])
        rows = [[(op.name, "command"), (_first(op.doc), "")] for op in listed if not op.name.startswith("_")]
        lines += [*table(rows), []]
    return lines[:-1]


def _first(doc: str) -> str:
    return " ".join(doc.split())


def lines_of(info: About) -> list[Line]:
    """One operation in full."""
    lines: list[Line] = [[(info.signature, "title")], [(f"  {info.doc}", "")], []]
    facts: list[tuple[str, str]] = [("family", info.family)]
    if info.aliases:
        facts.append(("also", ", ".join(info.aliases)))
    if info.derivative is not None and info.derivative.grad_fn is not None:
        facts.append(("grad_fn", info.derivative.grad_fn))
    if info.kinks:
        facts.append(("at kinks", info.kinks))
    lines += table([[(f"{label}:", "dim"), (text, "")] for label, text in facts])
    lines += [[], *_derivative_lines(info.derivative), []]
    lines += [[("example:", "dim")], [("  $ ", "dim"), (f"autodiff eval {_quoted(info.example)}", "command")]]
    lines += [[(f"  {line}", "")] for line in info.result.split("\n")]
    return lines


def _derivative_lines(found: Derivative | None) -> list[Line]:
    if found is None:
        return [[("derivative:", "dim"), (" none, no gradient flows through it", "")]]
    if not found.formulas:
        return [[("derivative:", "dim"), (" computed by a rule that has no formula", "")]]
    what = f" of {found.call}" + (f", for an incoming gradient {WEIGHTS}" if found.weighted else "")
    rows = [[(f"{name}.grad", "title"), (f"= {formula}", "source")] for name, formula in found.formulas.items()]
    return [[(f"derivative{what}:", "dim")], *table(rows, between=" ")]


def _quoted(text: str) -> str:
    return f'"{text}"' if not re.search(r'["$`\\!]', text) else "'" + text.replace("'", "'\\''") + "'"


# JSON


def summary(operation: Operation) -> dict[str, Any]:
    return {
        "name": operation.name,
        "signature": operation.signature.shown,
        "family": family(operation),
        "doc": operation.doc,
    }


def data(info: About) -> dict[str, Any]:
    """One operation as JSON data; `derivative` is null where no gradient flows."""
    found = info.derivative
    body: dict[str, Any] = {
        "name": info.name,
        "signature": info.signature,
        "aliases": list(info.aliases),
        "family": info.family,
        "doc": info.doc,
        "grad_fn": None if found is None else found.grad_fn,
        "derivative": None if found is None else {"of": found.call, "formulas": found.formulas or None},
    }
    if found is not None and found.weighted:
        body["derivative"]["weights"] = WEIGHTS
    if info.kinks:
        body["kinks"] = info.kinks
    return {**body, "example": {"expr": info.example, "prints": info.result}}


# The documentation


def markdown() -> str:
    """The table of all operations and their derivatives, as `docs/operations.md` has it."""
    parts = [
        "# Operations",
        "Every operation by family, with the derivative for each operand as `autodiff ops NAME` derives it from the\n"
        f"operation's rule. Where `{WEIGHTS}` occurs, it is the incoming gradient; elsewhere the incoming gradient is\n"
        "multiplied by what is shown. `autodiff ops NAME` says more: signature, choice at kinks, an example.",
    ]
    for title, listed in by_family().items():
        rows = [_markdown_row(op) for op in listed if not op.name.startswith("_")]
        head = ["| operation | what it is | derivative |", "| --- | --- | --- |"]
        parts += [f"## {title}", "\n".join([*head, *rows])]
    return "\n\n".join(parts) + "\n"


def _markdown_row(operation: Operation) -> str:
    found = derivative(operation)
    shown = f"`{operation.signature.shown}`"
    if found is None:
        text = "none"
    elif not found.formulas:
        text = "by a rule without a formula"
    else:
        formulas = [f"{name}: `{formula}`" for name, formula in found.formulas.items()]
        text = "; ".join([*([] if found.call == operation.name else [f"`{found.call}`"]), *formulas])
    cells: Iterable[str] = (shown, re.sub(r"([*_<])", r"\\\1", _first(operation.doc)), text)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(markdown())
