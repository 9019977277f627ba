"""Formulas with mathematics' own characters: 2·Xᵀ @ (X @ w − y), √(x² + 1), α.

What the language understands (· − ² ≤ …) stands for what it says; ᵀ ⊙ √ ∑ ‖ are for people alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from autodiff.formula.reading import Called, Reading
from autodiff.formula.symbols import unicode_name
from autodiff.graph.lookup import CONSTANTS
from autodiff.graph.sizes import Shape
from autodiff.syntax import tree as T  # noqa: N812

SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
SIGNS = {"<=": "≤", ">=": "≥", "!=": "≠"}
CONNECTIVES = {"&": "∧", "|": "∨", "and": "and", "or": "or"}
FUNCTIONS = {"sqrt": "√", "sum": "∑", "prod": "∏", "sigmoid": "σ"}
FENCES = {"norm": "‖", "abs": "|"}
NAMED = {"pi": "π", "inf": "∞"}

# A replacement of text[start:end].
Edit = tuple[int, int, str]


def unicode_text(text: str, shapes: Mapping[str, Shape]) -> str:
    """An expression of the language in mathematics' characters, over variables of these shapes."""
    reading = Reading(text, shapes)
    edits: list[Edit] = []
    for item in reading.order:
        edits += _edits(reading, item)
    parts = []
    at = 0
    for start, end, new in sorted(edits):
        if start >= at:  # not within an exponent that is written already
            parts += [text[at:start], new]
            at = end
    return "".join([*parts, text[at:]])


def _edits(reading: Reading, item: T.Tree) -> list[Edit]:
    match item:
        case T.Name():
            return _name(reading, item)
        case T.Unary() if item.op in ("-", "~"):
            return [(item.span.start, item.span.start + 1, "−" if item.op == "-" else "¬")]
        case T.Binary():
            return _binary(reading, item)
        case T.Compare():
            return _compare(reading, item)
        case T.Attribute() if item.name == "T":
            dot = reading.text.rindex(".", 0, item.name_span.start)
            return [(dot, item.name_span.end, "ᵀ")]
        case T.Call() if isinstance(item.function, T.Name):
            return _call(reading, item, item.function, reading.called(item))
    return []


def _name(reading: Reading, item: T.Name) -> list[Edit]:
    if item.id in reading.shapes:
        new = unicode_name(item.id, set(reading.shapes))
    else:
        new = NAMED.get(item.id, item.id) if item.id in CONSTANTS else item.id
        if new in reading.shapes:
            return []
    return [(item.span.start, item.span.end, new)] if new != item.id else []


def _binary(reading: Reading, item: T.Binary) -> list[Edit]:
    start, end = item.op_span.start, item.op_span.end
    if item.op == "-":
        return [(start, end, "−")]
    if item.op == "*":
        return [(start, end, "⊙" if reading.rank(item.left) and reading.rank(item.right) else "·")]
    if item.op in CONNECTIVES:
        return [(start, end, CONNECTIVES[item.op])]
    if item.op == "**":
        exponent = item.right.operand if isinstance(item.right, T.Unary) and item.right.op == "-" else item.right
        if isinstance(exponent, T.Number) and not exponent.decimal:
            sign = "⁻" if exponent is not item.right else ""
            return [(start, item.span.end, sign + str(exponent.value).translate(SUPERSCRIPTS))]
    return []


def _compare(reading: Reading, item: T.Compare) -> list[Edit]:
    edits = []
    for op, operand, after in zip(item.ops, item.operands, item.operands[1:], strict=False):
        at = reading.text.find(op, operand.span.end, after.span.start)
        if op in SIGNS and at >= 0:
            edits.append((at, at + len(op), SIGNS[op]))
    return edits


def _call(reading: Reading, item: T.Call, function: T.Name, called: Called) -> list[Edit]:
    name = function.id
    inside = (function.span.end, item.span.end)
    if len(called.args) != 1 or called.keywords or name in reading.shapes or reading.text[inside[0]] != "(":
        return []
    if name in FENCES:
        fence = FENCES[name]
        return [(function.span.start, inside[0] + 1, fence), (inside[1] - 1, inside[1], fence)]
    symbol = FUNCTIONS.get(name)
    return [(function.span.start, function.span.end, symbol)] if symbol and symbol not in reading.shapes else []
