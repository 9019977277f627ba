"""Where in a key's text something stands: the line of a question, or of one of its keys. Read only for messages."""

from __future__ import annotations

import re

from autodiff.request import jsons


def line_of(text: str, is_json: bool, question: int | None, key: str | None, section: str | None) -> int | None:
    """The line, from 1, of a key (or of the question, counted from 0, itself); None where it was not found."""
    position = (_json_position if is_json else _toml_position)(text, question, key, section)
    return None if position is None else text.count("\n", 0, position) + 1


def _toml_position(text: str, question: int | None, key: str | None, section: str | None) -> int | None:
    start, end = 0, len(text)
    headers = list(re.finditer(r"^[ \t]*\[.*$", text, re.M))
    if question is not None:
        own = [match for match in headers if re.match(r"\s*\[\[\s*questions\s*\]\]", match[0])]
        if question >= len(own):
            return None
        start = own[question].start() + len(own[question][0]) - len(own[question][0].lstrip())
        end = own[question + 1].start() if question + 1 < len(own) else len(text)
    elif section is not None:
        found = next((m for m in headers if re.match(rf"\s*\[\s*{re.escape(section)}\b", m[0])), None)
        if found is not None:
            start = found.start()
            end = next((m.start() for m in headers if m.start() > start), len(text))
    elif headers and key is not None:
        end = next((m.start() for m in headers if not re.match(r"\s*\[\[?\s*" + re.escape(key), m[0])), len(text))
    if key is None:
        return start if question is not None else None
    name = rf"[\"']?{re.escape(key)}[\"']?"
    match = re.compile(rf"^[ \t]*(?:\[\[?\s*(?:\w+\.)?)?({name})\s*[=.\]]", re.M).search(text, start, end)
    return match.start(1) if match is not None else (start if question is not None else None)


def _json_position(text: str, question: int | None, key: str | None, section: str | None) -> int | None:
    at: int | None = jsons.skip_blanks(text, 0)
    if question is not None:
        value = _member(text, at, "questions")
        at = None if value is None else _element(text, value[1], question)
    elif section is not None:
        value = _member(text, at, section)
        at = value[1] if value is not None else at
    if at is None:
        return None
    found = None if key is None else _member(text, at, key)
    return found[0] if found is not None else (at if question is not None else None)


def _member(text: str, at: int | None, key: str) -> tuple[int, int] | None:
    """Where a member of the object that starts at a position has its key and its value."""
    if at is None or text[at : at + 1] != "{":
        return None
    at = jsons.skip_blanks(text, at + 1)
    while text[at : at + 1] == '"':
        start = at
        name, at = jsons.decode_one(text, at)
        at = jsons.skip_blanks(text, jsons.skip_blanks(text, at) + 1)  # over the colon
        if name == key:
            return start, at
        at = jsons.skip_blanks(text, jsons.decode_one(text, at)[1])
        at = jsons.skip_blanks(text, at + 1)  # over the comma
    return None


def _element(text: str, at: int, place: int) -> int | None:
    """Where an element of the list that starts at a position starts."""
    if text[at : at + 1] != "[":
        return None
    at = jsons.skip_blanks(text, at + 1)
    for _ in range(place):
        at = jsons.skip_blanks(text, jsons.decode_one(text, at)[1])
        at = jsons.skip_blanks(text, at + 1)
    return at
