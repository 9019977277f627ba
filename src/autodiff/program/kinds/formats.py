"""Format specifications, `%` and `str.format`, with limits to what they make.

The specification of one number or string is the host's own, once its width and precision are known to be sensible;
replacement fields are read here, because their attributes and indexes must go through the tables.
Sources: Python's documentation, "Format Specification Mini-Language", "Format String Syntax", "printf-style String
Formatting".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.program.kinds.guards import check_width

PLAIN = frozenset((int, float, str, bool, complex))
_checked: dict[str, None] = {}
_NUMBER = re.compile(r"\d+")


def check_spec(spec: str) -> None:
    """Raise `limit-size` for a width or precision that is too large."""
    if spec in _checked:
        return
    if len(spec) > 200:
        check_width(10**9 if _NUMBER.search(spec) and len(max(_NUMBER.findall(spec), key=len)) > 9 else 0)
    for digits in _NUMBER.findall(spec):
        check_width(int(digits) if len(digits) < 12 else 10**12)
    if len(_checked) < 1000 and len(spec) < 50:
        _checked[spec] = None


def format_value(value: Any, conversion: str = "", spec: str = "") -> str:
    """`{value!conversion:spec}` of an f-string; raises ValueError and TypeError as Python does."""
    from autodiff.program.kinds.texts import ascii_, repr_, text

    if conversion:
        value = repr_(value) if conversion == "r" else text(value) if conversion == "s" else ascii_(value)
    cls = type(value)
    if cls is str and not spec:
        return value  # type: ignore[no-any-return]
    if cls in PLAIN:
        if spec:
            check_spec(spec)
        return format(value, spec)
    return _format_object(value, spec, text(value) if not spec else "")


def _format_object(value: Any, spec: str, plain: str) -> str:
    import numpy as np

    from autodiff.program.kinds.objects import own_method
    from autodiff.program.kinds.table import type_name
    from autodiff.tensor.tensor import Tensor

    if own_method(value, "__format__"):
        made = format(value, spec)
        check_width(len(made))
        return made
    if isinstance(value, np.generic) or (type(value) is Tensor and not value.ndim):
        check_spec(spec)
        return format(value, spec)
    if not spec:
        return plain
    raise TypeError(f"unsupported format string passed to {type_name(value)}.__format__")


# str.format


class Field:
    """A replacement field: the argument, the way from there, the conversion, the specification as it is written."""

    __slots__ = ("conversion", "name", "spec")

    def __init__(self, name: str, conversion: str, spec: str) -> None:
        self.name = name
        self.conversion = conversion
        self.spec = spec


def parse(template: str) -> Iterator[str | Field]:
    """The texts and fields of a template; raises ValueError with Python's messages."""
    at, size = 0, len(template)
    text: list[str] = []
    while at < size:
        end = _next_brace(template, at)
        text.append(template[at:end])
        if end == size:
            break
        sign = template[end]
        if template[end + 1 : end + 2] == sign:
            text.append(sign)
            at = end + 2
            continue
        if sign == "}" or end + 1 == size:
            raise ValueError(f"Single '{sign}' encountered in format string")
        if text:
            yield "".join(text)
            text = []
        field, at = _field(template, end + 1)
        yield field
    if text:
        yield "".join(text)


def _next_brace(template: str, at: int) -> int:
    found = _BRACE.search(template, at)
    return found.start() if found else len(template)


_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"(?:[^{}:!\[]|\[[^\]]*)*")


def _field(template: str, at: int) -> tuple[Field, int]:
    """The field that begins behind a brace, and the place behind it."""
    found = _NAME.match(template, at)
    assert found is not None
    name, end = found.group(), found.end()
    sign = template[end : end + 1]
    if sign == "{":
        raise ValueError("unexpected '{' in field name")
    if not sign:
        raise ValueError("expected '}' before end of string")
    if sign == "}":
        return Field(name, "", ""), end + 1
    conversion, end = "", end + 1
    if sign == "!":
        conversion = template[end : end + 1]
        if not conversion:
            raise ValueError("end of string while looking for conversion specifier")
        sign, end = template[end + 1 : end + 2], end + 2
        if sign == "}":
            return Field(name, conversion, ""), end
        if sign and sign != ":":
            raise ValueError("expected ':' after conversion specifier")
    close = _closing(template, end)
    return Field(name, conversion, template[end:close]), close + 1


def _closing(template: str, at: int) -> int:
    """The place of the brace that ends a specification."""
    depth = 1
    for found in _BRACE.finditer(template, at):
        depth += 1 if found.group() == "{" else -1
        if not depth:
            return found.start()
    raise ValueError("unmatched '{' in format spec")


class _Numbering:
    """Fields count themselves or carry numbers, not both."""

    def __init__(self) -> None:
        self.next = 0
        self.manual = False

    def take(self) -> int:
        if self.manual:
            raise ValueError("cannot switch from manual field specification to automatic field numbering")
        self.next += 1
        return self.next - 1

    def check_manual(self) -> None:
        if self.next:
            raise ValueError("cannot switch from automatic field numbering to manual field specification")
        self.manual = True


def format_template(template: str, /, *args: Any, **kwargs: Any) -> str:
    """`template.format(*args, **kwargs)`."""
    return _filled(template, args, kwargs, _Numbering(), 2)


def _filled(template: str, args: Any, kwargs: Any, numbering: _Numbering, depth: int) -> str:
    if depth < 1:
        raise ValueError("Max string recursion exceeded")
    from autodiff.program import limits

    pieces: list[str] = []
    size = 0
    for part in parse(template):
        if isinstance(part, Field):
            value = _looked_up(part.name, args, kwargs, numbering)
            if part.conversion not in ("", "r", "s", "a"):
                raise ValueError(f"Unknown conversion specifier {part.conversion!r}".replace("'", ""))
            spec = part.spec
            if "{" in spec or "}" in spec:
                spec = _filled(spec, args, kwargs, numbering, depth - 1)
            part = format_value(value, part.conversion, spec)
        limits.tick()
        size += len(part)
        if size > 1 << 20:
            limits.allocate(4 * size)
        pieces.append(part)
    return "".join(pieces)


def _looked_up(name: str, args: Any, kwargs: Any, numbering: _Numbering) -> Any:
    from autodiff.program.kinds.items import get_item
    from autodiff.program.kinds.table import get

    end = min((i for i in (name.find("."), name.find("[")) if i >= 0), default=len(name))
    first, rest = name[:end], name[end:]
    if len(first) > 18 and first.isdecimal():
        raise ValueError("Too many decimal digits in format string")
    number = numbering.take() if not first else int(first) if first.isdecimal() else None
    if number is None:
        value = kwargs[first]
    else:
        if first:
            numbering.check_manual()
        if number >= len(args):
            raise IndexError(f"Replacement index {number} out of range for positional args tuple")
        value = args[number]
    while rest:
        if rest[0] == ".":
            end = min((i for i in (rest.find(".", 1), rest.find("[", 1)) if i >= 0), default=len(rest))
            if end == 1:
                raise ValueError("Empty attribute in format string")
            value, rest = get(value, rest[1:end]), rest[end:]
            continue
        if rest[0] != "[":
            raise ValueError("Only '.' or '[' may follow ']' in format field specifier")
        end = rest.find("]")
        if end < 0:
            raise ValueError("Missing ']' in format string")
        key = rest[1:end]
        if not key:
            raise ValueError("Empty attribute in format string")
        value = get_item(value, int(key) if key.isdecimal() and len(key) < 19 else key)
        rest = rest[end + 1 :]
    return value


# %

_PERCENT = re.compile(r"%(?:\(([^()]*)\))?([#0\- +]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?(.)?", re.DOTALL)


def percent(template: str, values: Any) -> str:
    """`template % values`; raises TypeError and ValueError as Python does."""
    given = values if type(values) is tuple else (values,)
    named = values if isinstance(values, dict) else None
    pieces: list[str] = []
    taken = at = 0

    def take() -> Any:
        nonlocal taken
        if taken >= len(given):
            raise TypeError("not enough arguments for format string")
        taken += 1
        return given[taken - 1]

    for found in _PERCENT.finditer(template):
        pieces.append(template[at : found.start()])
        at = found.end()
        key, flags, width, precision, letter = found.groups()
        if letter is None:
            raise ValueError("incomplete format")
        if letter == "%" and found.group() == "%%":
            pieces.append("%")
            continue
        if key is not None:
            if named is None:
                raise TypeError("format requires a mapping")
            value = named[key]
            taken = len(given)
        width = _star(width, take)
        if precision is not None:
            precision = _star(precision, take) if precision else "0"
        if key is None:
            value = take()
        pieces.append(_one(found, flags, width, precision, letter, value))
    pieces.append(template[at:])
    if taken < len(given) and named is None:
        raise TypeError("not all arguments converted during string formatting")
    from autodiff.program import limits

    limits.allocate(4 * sum(map(len, pieces)))
    return "".join(pieces)


def _star(width: str | None, take: Any) -> str | None:
    if width == "*":
        number = take()
        if not isinstance(number, int):
            raise TypeError("* wants int")
        width = str(int(number)) if abs(number) < 10**12 else "9" * 12
    if width:
        check_width(abs(int(width)) if len(width) < 13 else 10**12)
    return width


def _one(found: Any, flags: str, width: str | None, precision: str | None, letter: str, value: Any) -> str:
    """One field, by the host's own `%` of a plain value."""
    from autodiff.program.kinds.texts import ascii_, repr_, text

    if letter in "sra":
        value = text(value) if letter == "s" else repr_(value) if letter == "r" else ascii_(value)
        letter = "s"
    elif letter in "diouxXeEfFgGc":
        if letter in "eEfFgG" and type(value) not in (int, float, bool):
            value = _as_float(value)
        elif type(value) not in (int, float, bool, str):
            value = _as_integer(value, letter)
    else:
        place = found.end() - 1
        raise ValueError(f"unsupported format character '{letter}' ({ord(letter):#x}) at index {place}")
    if width is not None and width.startswith("-"):
        flags, width = flags + "-", width[1:]
    digits = "" if precision is None else ".0" if precision.startswith("-") else "." + precision
    field = f"%{flags}{width or ''}{digits}{letter}"
    shown: str = field % value
    return shown


def _as_float(value: Any) -> float:
    from autodiff.program.kinds.table import type_name

    try:
        return float(value) if not isinstance(value, str) else _fail()
    except TypeError:
        raise TypeError(f"must be real number, not {type_name(value)}") from None


def _fail() -> float:
    raise TypeError


def _as_integer(value: Any, letter: str) -> int:
    from autodiff.program.kinds.table import type_name

    try:
        if letter in "di" and not hasattr(type(value), "__index__"):
            return int(value)
        return value.__index__()  # type: ignore[no-any-return]
    except (TypeError, AttributeError, AutodiffError):
        wanted = "a real number is required" if letter in "diu" else "an integer is required"
        if letter == "c":
            raise TypeError("%c requires int or char") from None
        raise TypeError(f"%{letter} format: {wanted}, not {type_name(value)}") from None
