"""Two operands with nothing between them: a product without its sign, a call without brackets, a number cut in two."""

from __future__ import annotations

import re

from autodiff.errors import AutodiffError, Source, Span
from autodiff.syntax.notation import CALLED, function_power
from autodiff.syntax.place import LONGEST, Place, Token, error, quoted, suggested


def adjoined(place: Place) -> AutodiffError | None:
    """Two operands with nothing between them."""
    found, before, bracket = place.found, place.before, place.bracket
    if found is None or before is None or not (before.ends_operand and found.starts_operand):
        return None
    span = place.span(before.start, found.end)
    both = quoted(place.text[before.start : found.end])
    if before.kind == "NUMBER" and before.end == found.start:
        number = _cut_number(place, before, found)
        if number is not None:
            return number
    if before.kind == "NAME" and found.kind == "NUMBER" and found.text.startswith("."):
        return error(
            "syntax",
            span,
            f"expected a name after the dot, found {found.text[1:]}",
            "no name",
            f"to index, write {before.text}[…]",
        )
    left, right = suggested(place.left()) or quoted(before.text), suggested(place.right()) or quoted(found.text)
    comma = (
        f"to separate two {'items' if bracket and bracket.text == '[' else 'arguments'}, write a comma: {left}, {right}"
    )
    if before.kind == found.kind == "NUMBER" and bracket is None and re.fullmatch(r"\d{3}(\.\d*)?", found.text):
        without = f"in a number, leave out the blank: {before.text}{found.text}"
        return error("bad-number", span, f"{both} is not a number", "a number has no blanks", without)
    if before.kind == found.kind == "NUMBER" or "STRING" in (before.kind, found.kind):
        return error(
            "syntax",
            span,
            f"there is no operator or comma between {before.spoken} and {found.spoken}",
            "two operands side by side",
            comma if bracket else listed(place) or f"to multiply, write {left}*{right}",
        )
    help = _repairs(place, left, right)
    if bracket is not None:
        help.append(comma)
    return error(
        "implicit-product",
        span,
        f"there is no operator between {quoted(left)} and {quoted(right)}",
        "a product needs its *",
        *help,
    )


NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SEVERAL = re.compile(rf"\s*{NUMBER}(?:(?:\s*,\s*|\s+){NUMBER})+\s*")
SIZES = re.compile(r"\s*\w+(?:\s*,\s*\w+)+\s*")


def listed(place: Place) -> str | None:
    """How several numbers without brackets, or the sizes of a shape, are given to a variable."""
    of, _, variable = place.source.name.partition(".")
    if of not in ("vars", "tangents", "gradient") or len(place.text) > LONGEST:
        return None
    if SEVERAL.fullmatch(place.text):
        return f"to give several numbers, write [{', '.join(re.findall(NUMBER, place.text))}]"
    if of == "vars" and SIZES.fullmatch(place.text):
        return f"a shape is written {variable}:{','.join(re.split(r'[ ,]+', place.text.strip()))}"
    return None


def _repairs(place: Place, left: str, right: str) -> list[str]:
    """What two operands side by side may have been meant for."""
    found, before = place.found, place.before
    assert found is not None
    assert before is not None
    touching = before.end == found.start
    product = f"write {left}*{right}{'(…)' if CALLED.fullmatch(right) else ''}"
    if before.kind == "NUMBER" and touching and found.text in ("e", "E"):
        return [product, f"or give the exponent its digits: {before.text}e3"]
    if before.kind != "NAME" or touching or not left.endswith(before.text):
        return [product]
    if before.text in ("T", "mT", "H") and before.text != left:
        return [f"write {left} @ {right}"]
    if before.text in ("pi", "inf", "nan"):
        return [product]
    call = f"to call {quoted(before.text)}, write {left}({right})"
    if before.text == left and CALLED.fullmatch(left):
        return [call]
    if before.text != left or len(left) > 1:
        return [call, f"to multiply, write {left}*{right}"]
    if {left.isupper(), right.isupper() and len(right) == 1} == {True, False} or (left + right).isupper():
        return [product, f"for the product of matrices, write {left} @ {right}"]
    return [product]


def _cut_number(place: Place, before: Token, found: Token) -> AutodiffError | None:
    """A number that goes on as a name or as another number: `1.2.3`, `0x10`, `2j`."""
    span = place.span(before.start, found.end)
    both = quoted(place.text[before.start : found.end])
    if found.text in ("j", "J"):
        return error(
            "bad-number",
            span,
            f"{both} is complex, and complex numbers are not supported",
            "a complex number",
            f"if {found.text} is a variable, write {before.text}*{found.text}",
        )
    if before.text == "0" and re.fullmatch("[xX][0-9a-fA-F]+|[bB][01]+|[oO][0-7]+", found.text):
        value = int(both, 0) if len(both) < LONGEST else None
        return error(
            "bad-number",
            span,
            f"{both} is not decimal",
            "numbers are decimal",
            f"write {value}" if value is not None else "write the number in decimal",
        )
    if found.kind == "NUMBER" or found.text.startswith("_"):
        return error(
            "bad-number",
            span,
            f"{both} is not a number",
            "a number has one point, and single _ between digits",
            "to multiply, write * between the two",
        )
    if before.text.endswith(".") and found.kind == "NAME" and (after := place.after) is not None and after.text == "(":
        number = before.text[:-1]
        return error(
            "bad-number",
            span,
            f"the dot of {both} belongs to the number",
            "read as the number " + before.text,
            f"write ({number}).{found.text}(…)",
        )
    return None


def called_number(source: Source, start: int, end: int, bracket: int, last: int) -> AutodiffError:
    """The error for `2(x+1)` and `(x+1)(x-1)`: a product that reads like a call."""
    power = function_power(source, bracket, last, source.text[bracket:last])
    if power is not None:
        return power
    left, right = source.text[start:end], source.text[bracket:last]
    shown = f"write {left}*{right}" if suggested(left) and suggested(right) else "write * before the bracket"
    return error(
        "implicit-product",
        Span(source, start, last),
        f"there is no operator between {quoted(left)} and {quoted(right)}",
        "a product needs its *",
        shown,
    )
