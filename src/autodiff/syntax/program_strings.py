"""The strings of programs: prefixes, three quotes, strings side by side, and the fields of f-strings.

A field is parsed where it stands, so that its spans point into the program's own text.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from autodiff.errors import Source, Span
from autodiff.syntax import literals
from autodiff.syntax.program_source import refuse
from autodiff.syntax.statements import Formatted, FString
from autodiff.syntax.tree import String, Tree

DEEPEST = 2  # of fields within fields' specifications, as in Python
_CONVERSION = re.compile(r"\s*([^\s:}]*)\s*")
_EQUALS = re.compile(r"=(?!=)\s*(?=[!:}])")
_TEXT = re.compile(r"(?:[^{}\\]|\{\{|\}\}|\\N\{[^}]*\}|\\[^{}]|\\(?=[{}]))+")
_RAW_TEXT = re.compile(r"(?:[^{}]|\{\{|\}\})+")
_SPEC_TEXT = re.compile(r"[^{}]+")


def string(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return _joined(source, _read(source, s[0], e[0]), s[0], e[0])


def strings(source: Source, v: list[Any], s: list[int], e: list[int]) -> list[Tree]:
    return [*_read(source, s[0], e[0]), *_read(source, s[1], e[1])]


def strings_more(source: Source, v: list[Any], s: list[int], e: list[int]) -> list[Tree]:
    parts: list[Tree] = v[0]
    parts.extend(_read(source, s[1], e[1]))
    return parts


def joined_strings(source: Source, v: list[Any], s: list[int], e: list[int]) -> Tree:
    return _joined(source, v[0], s[0], e[0])


class _Mark(Tree):
    """An f-string begins here: without fields it is an f-string all the same."""

    __slots__ = ()

    def __init__(self, span: Span) -> None:
        self.span = span


def _joined(source: Source, parts: list[Tree], start: int, end: int) -> Tree:
    """One string of the parts, an FString if any of them came from an f-string."""
    span = Span(source, start, end)
    if all(type(part) is String for part in parts):
        return String(span, "".join(part.value for part in parts if isinstance(part, String)))
    return FString(span, _merged([part for part in parts if type(part) is not _Mark]))


def _merged(parts: list[Tree]) -> list[Tree]:
    """Texts side by side as one, empty ones left out."""
    merged: list[Tree] = []
    run: list[String] = []
    for part in [*parts, None]:
        if isinstance(part, String):
            if part.value:
                run.append(part)
            continue
        if run:
            span = Span(run[0].span.source, run[0].span.start, run[-1].span.end)
            merged.append(String(span, "".join(text.value for text in run)) if len(run) > 1 else run[0])
            run = []
        if part is not None:
            merged.append(part)
    return merged


def _read(source: Source, start: int, end: int) -> list[Tree]:
    """The parts of one string, quotes and prefix included."""
    text = source.text
    begin = start
    while text[begin] not in "'\"":
        begin += 1
    prefix = text[start:begin].lower()
    quote = 3 if text.startswith(text[begin] * 3, begin) and end - begin >= 6 else 1
    first, last = begin + quote, end - quote
    if "b" in prefix:
        refuse(
            Span(source, start, end),
            "strings of bytes are not part of the language",
            "the prefix b makes bytes",
            "leave out the b",
            code="bad-quotes",
        )
    if "f" in prefix:
        return [_Mark(Span(source, start, start)), *_fields(source, first, last, "r" in prefix, 0)[0]]
    return [String(Span(source, start, end), _worth(source, first, last, "r" in prefix))]


def _worth(source: Source, start: int, end: int, raw: bool) -> str:
    body = source.text[start:end]
    if "\r" in body:  # Python reads every end of a line as \n
        body = source.text[start:end].replace("\r\n", "\n").replace("\r", "\n")
    if raw or "\\" not in body:
        return body
    return literals.unescape(body, source, start)


def _fields(source: Source, start: int, end: int, raw: bool, depth: int) -> tuple[list[Tree], int]:
    """The parts of an f-string's text, or of a specification up to its closing brace; and where they end."""
    text = source.text
    parts: list[Tree] = []
    pattern = _SPEC_TEXT if depth else _RAW_TEXT if raw else _TEXT
    at = start
    while at < end:
        match = pattern.match(text, at, end)
        if match is not None:
            worth = _worth(source, at, match.end(), raw)
            if not depth:
                worth = _worth_of_doubled(source, at, match.end(), raw)
            parts.append(String(Span(source, at, match.end()), worth))
            at = match.end()
        elif text[at] == "}":
            if depth:
                break
            refuse(
                Span(source, at, at + 1), "f-string: single '}' is not allowed", "opened nowhere", "write }} for a }"
            )
        else:
            if depth >= DEEPEST:
                refuse(Span(source, at, at + 1), "f-string: expressions nested too deeply", "one field too deep")
            field, at = _field(source, at, end, raw, depth)
            parts.extend(field)
    return parts, at


def _worth_of_doubled(source: Source, start: int, end: int, raw: bool) -> str:
    """The worth of a text in which {{ and }} stand for one brace."""
    pieces = []
    at = start
    for match in re.compile(r"\{\{|\}\}").finditer(source.text, start, end):
        if not raw and source.text.rfind("\\N{", at, match.start()) > source.text.rfind("}", at, match.start()):
            continue
        pieces.append(_worth(source, at, match.start() + 1, raw))
        at = match.end()
    pieces.append(_worth(source, at, end, raw))
    return "".join(pieces)


def _field(source: Source, start: int, end: int, raw: bool, depth: int) -> tuple[list[Tree], int]:
    """The field that opens at `start`, after the text that a `=` in it makes; and where it ends."""
    from autodiff.syntax import program

    text = source.text
    stop = _expression_end(source, start, end)
    if not text[start + 1 : stop].strip():
        refuse(Span(source, start, stop + 1), "f-string: empty expression not allowed", "nothing to format", "write {{")
    at, parts = stop, []
    equals = False
    if text[at] == "=":
        match = _EQUALS.match(text, at, end)
        if match is None:
            refuse(Span(source, at, at + 1), "f-string: expecting '}'", "unexpected here", "to compare, write ==")
        at = match.end()
        equals = True
        parts.append(String(Span(source, start + 1, at), text[start + 1 : at]))
    value = program.parse_field(source, start + 1, stop)
    conversion, spec = "", None
    if text[at] == "!":
        match = _CONVERSION.match(text, at + 1, end)
        assert match is not None
        conversion = match[1]
        if conversion not in ("r", "s", "a"):
            message = "f-string: invalid conversion character: expected 's', 'r', or 'a'"
            refuse(Span(source, at, match.end()), message, "unknown", "write !r or !s")
        at = match.end()
    if text[at : at + 1] == ":" and at < end:
        pieces, at_end = _fields(source, at + 1, end, raw, depth + 1)
        pieces = _merged(pieces)
        span = Span(source, at + 1, at_end)
        plain = not pieces or (len(pieces) == 1 and type(pieces[0]) is String)
        spec = (pieces[0] if pieces else String(span, "")) if plain else FString(span, pieces)
        at = at_end
    if at >= end or text[at] != "}":
        _unclosed(source, start)
    if equals and not conversion and spec is None:
        conversion = "r"
    return [*parts, Formatted(Span(source, start, at + 1), value, conversion, spec)], at + 1


def _expression_end(source: Source, start: int, end: int) -> int:
    """Where the expression of a field ends that opens at `start`: at a `}`, `!`, `:` or `=` outside of brackets."""
    from autodiff.syntax import program

    text = source.text
    opened = 0
    for kind, s, _ in program.parser().tokens(text, start + 1, end):
        character = text[s]
        if character in "([{" and kind:
            opened += 1
        elif character in ")]}" and kind:
            if not opened:
                if character == "}":
                    return s
                refuse(Span(source, s, s + 1), f"f-string: unmatched '{character}'", "opened nowhere")
            opened -= 1
        elif not opened and ((character in ":=" and kind != "COMPARE") or (character == "!" and not kind)):
            return s
        elif character == "\\" and not kind:
            message = "f-string expression part cannot include a backslash"
            refuse(Span(source, s, s + 1), message, "a backslash", "give the value a name before")
        elif character == "#":
            refuse(Span(source, s, s + 1), "f-string expression part cannot include '#'", "a comment")
    _unclosed(source, start)


def _unclosed(source: Source, start: int) -> NoReturn:
    refuse(Span(source, start, start + 1), "f-string: expecting '}'", "opened here", "close it with }, or write {{")


ACTIONS: tuple[Any, ...] = (string, strings, strings_more, joined_strings)
