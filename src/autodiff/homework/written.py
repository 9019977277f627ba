"""What a student wrote, read as an expression or as numbers, and what is not allowed there."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.lookup import CONSTANTS, MODULES, find_dtype
from autodiff.syntax import tree as T  # noqa: N812
from autodiff.syntax.parse import parse

LONGEST = 10_000  # characters of an answer
MOST_ITEMS = 2_000  # pieces of its syntax tree
# Functions that would do the student's work.
DIFFERENTIATES = frozenset(
    (
        "grad", "gradient", "gradients", "backward", "autograd", "jacobian", "hessian", "jvp", "vjp", "hvp",
        "derivative", "derive", "differentiate", "jacfwd", "jacrev", "value_and_grad",
    )
)  # fmt: skip


class Written(NamedTuple):
    """An answer that may be evaluated; `numbers` and their tolerances where it is made of literals alone."""

    tree: T.Tree
    names: frozenset[str]
    numbers: np.ndarray | None
    allowance: np.ndarray | None


def read(answer: Any, names: Collection[str], allowed: Collection[str] | None) -> Written:
    """An answer as it may be evaluated; raises what makes it invalid, with its place in "answer"."""
    text = answer if isinstance(answer, str) else _dumped(answer)
    if len(text) > LONGEST:
        raise AutodiffError("limit-size", f"an answer has at most {LONGEST} characters", type="MemoryError")
    tree = parse(text.strip() if "\n" in text else text, "answer")
    items = list(pieces(tree))
    if len(items) > MOST_ITEMS:
        raise AutodiffError("limit-size", f"an answer has at most {MOST_ITEMS} operations and numbers")
    _check_names(items, names)
    _check_calls(items, names, allowed)
    found = _literals(tree)
    used = frozenset(item.id for item in items if isinstance(item, T.Name))
    return Written(tree, used, *(found if found is not None else (None, None)))


def _dumped(answer: Any) -> str:
    try:
        return json.dumps(answer)
    except (TypeError, ValueError, RecursionError):
        raise AutodiffError("bad-value", "an answer is a formula, a number or lists of numbers") from None


def pieces(tree: T.Tree) -> Iterable[T.Tree]:
    """Every piece of a tree; a function's name is none."""
    stack = [tree]
    while stack:
        item = stack.pop()
        yield item
        stack.extend(_parts(item))


def _parts(item: T.Tree) -> list[T.Tree]:
    match item:
        case T.Unary():
            return [item.operand]
        case T.Binary():
            return [item.left, item.right]
        case T.Compare():
            return item.operands
        case T.Call():
            values = [*item.args, *[keyword.value for keyword in item.keywords]]
            return [item.function.value, *values] if isinstance(item.function, T.Attribute) else values
        case T.Attribute():
            return [item.value]
        case T.Index():
            return [item.value, *item.items]
        case T.Slice():
            return [part for part in (item.start, item.stop, item.step) if part is not None]
        case T.ListOf() | T.TupleOf():
            return item.items
        case _:
            return []


def _check_names(items: Iterable[T.Tree], names: Collection[str]) -> None:
    for item in items:
        if not isinstance(item, T.Name):
            continue
        name = item.id
        if name in names or name in CONSTANTS or name in MODULES or find_dtype(name) is not None:
            continue
        raise AutodiffError(
            "unknown-name",
            f"name '{name}' is not defined",
            type="NameError",
            span=item.span,
            says="the question has no such name",
            help=_meant(item, names),
        )


def _meant(item: T.Name, names: Collection[str]) -> list[str]:
    """What a name was meant for that the question does not have."""
    from autodiff.graph.meant import name_help

    span = item.span
    help = name_help(item.id, names, span.source.text[: span.start], span.source.text[span.end :])
    if len(item.id) == 1:  # t is a function, and most often another variable
        help = [line for line in help if not line.startswith(f"{item.id} is a function")]
    known = ", ".join(sorted(names))
    return [line for line in help if not line.startswith("give it a value")] or [
        f"the names of the question are {known}" if len(names) > 1 else f"the question has one name, {known}"
    ]


def _check_calls(items: Iterable[T.Tree], names: Collection[str], allowed: Collection[str] | None) -> None:
    for item in items:
        if isinstance(item, T.Attribute) and item.name in DIFFERENTIATES:
            raise _refused(item.name, item.name_span, "an answer may not differentiate")
        if not isinstance(item, T.Call):
            continue
        function = item.function
        if isinstance(function, T.Name):
            name, span = function.id, function.span
        elif isinstance(function, T.Attribute):
            name, span = function.name, function.name_span
        else:
            continue
        if name in DIFFERENTIATES and name not in names:
            raise _refused(name, span, "an answer may not differentiate")
        if allowed is not None and name not in allowed:
            raise _refused(name, span, "the question allows " + (", ".join(sorted(allowed)) or "no functions"))


def _refused(name: str, span: Any, why: str) -> AutodiffError:
    return AutodiffError(
        "unknown-function",
        f"{name}() may not be used in an answer",
        type="NameError",
        span=span,
        says=why,
        help="write the gradient with the operations of the expression",
    )


# Numbers


def _literals(tree: T.Tree) -> tuple[np.ndarray, np.ndarray] | None:
    """The numbers that an answer is, and how far each may be off for the digits it is written with."""
    cells: list[tuple[float, str]] = []
    try:
        nested = _nested(tree, cells)
        if nested is None:
            return None
        values = np.array(nested, np.float64)
    except (ValueError, OverflowError, RecursionError):
        return None
    places = max((_decimals(text) for _, text in cells if _is_decimal(text)), default=None)
    spread = [_allowance(text, places) for _, text in cells]
    return values, np.array(spread, np.float64).reshape(values.shape)


def _nested(tree: T.Tree, cells: list[tuple[float, str]], sign: int = 1) -> Any:
    if isinstance(tree, T.Number):
        cells.append((sign * float(tree.value), tree.span.text))
        return sign * float(tree.value)
    if isinstance(tree, T.Unary) and tree.op in "+-" and isinstance(tree.operand, T.Number):
        return _nested(tree.operand, cells, -1 if tree.op == "-" else 1)
    if isinstance(tree, T.ListOf) and tree.items:
        parts = [_nested(item, cells) for item in tree.items]
        return None if any(part is None for part in parts) else parts
    return None


def _is_decimal(text: str) -> bool:
    return "." in text or "e" in text.lower()


def _decimals(text: str) -> int:
    """Places behind the point of a number as written: 2 of `1.25`, 5 of `1.25e-3`."""
    mantissa, _, exponent = text.lower().replace("_", "").partition("e")
    return len(mantissa.partition(".")[2]) - int(exponent or 0)


def _allowance(text: str, places: int | None) -> float:
    """A little more than half a unit of the last place; a whole one where three digits say that it was meant so."""
    if not _is_decimal(text):
        return 0.0 if places is None else 0.55 * 10.0**-places
    digits = sum(character.isdigit() for character in text.lower().partition("e")[0].lstrip("0."))
    return float((1.05 if digits >= 3 else 0.55) * 10.0 ** -_decimals(text))
