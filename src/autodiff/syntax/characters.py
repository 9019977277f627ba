"""Mistakes in characters: quotes, transpose marks, look-alikes, and what cannot be seen."""

from __future__ import annotations

import re
import unicodedata

from autodiff.errors import AutodiffError, Source, Span
from autodiff.syntax.place import LONGEST, Place, code_point, error, parses, suggested

TRANSPOSES = "'’′´ᵀ⊤†"
CURLY = str.maketrans("‘’‚‛`´“”„‟«»＂＇", "''''''\"\"\"\"\"\"\"'")
HELP = {
    "$": "$name belongs to a shell; here a name stands alone, and single quotes keep the shell off the expression",
    "\\": "LaTeX is not read: write sqrt(x) for \\sqrt{x}, a/b for \\frac{a}{b}",
    "{": "( ) group, and [ ] make lists",
    "}": "( ) group, and [ ] make lists",
    "?": "to choose element by element, write where(condition, a, b)",
    ";": "only one expression is read; statements make a program: autodiff run FILE",
    "⁻": "a superscript minus needs superscript digits: x⁻¹, or write x^-1",
    "∞": "write inf",
    "√": "write sqrt(x)",
    "∛": "write x^(1/3)",
    "∑": "write sum(x)",
    "∏": "write prod(x)",
    "∫": "integrals are not known here",
    "∂": "autodiff derive EXPR prints derivatives; the expression has none",
    "∇": "autodiff derive EXPR prints gradients; the expression has none",
    "‖": "write norm(x)",
    "∥": "write norm(x)",
    "±": "write both expressions, one with + and one with -",
    "≈": "write isclose(a, b) or allclose(a, b)",
    "≡": "write ==",
    "∈": "write isin(x, values)",
    "…": "write ...",
    "→": "an expression has no arrow",
}
MEANT = {"∗": "*", "∙": "*", "•": "*", "⊙": "*", "⨯": "*", "✕": "*", "∘": "*", "∕": "/", "⁄": "/", "–": "-", "—": "-"}
MEANT |= {
    "‐": "-",
    "‑": "-",
    "∧": "&",
    "∨": "|",
    "¬": "~",
    "⊗": "*",
    "⩽": "<=",
    "⩾": ">=",
    "∶": ":",
    "ˆ": "^",
    "˄": "^",
}


def quote(place: Place) -> AutodiffError | None:
    """Transposes, prefixed strings, curly quotes, strings without an end."""
    found, before, text = place.found, place.before, place.text
    if found is None:
        return None
    mark = found.text[0]
    span = place.span(found.start, found.end if not found.kind else found.start + 1)
    if place.adjacent and before is not None and mark in TRANSPOSES and found.kind in ("", "STRING"):
        left = suggested(place.left()) or "X"
        if text[found.start + 1 : found.start + 2] == "(":
            return error(
                "transpose-mark",
                span,
                f"{mark} makes no derivative",
                "this mark means nothing here",
                "give the function itself: autodiff derive EXPR prints its derivative",
            )
        return error(
            "transpose-mark", span, f"{mark} does not transpose", "this mark means nothing here", f"write {left}.T"
        )
    if found.kind == "STRING":
        if place.adjacent and before is not None and re.fullmatch("[bBfFrRuU]{1,2}", before.text):
            return error(
                "bad-quotes",
                place.span(before.start, found.end),
                f"a string has no prefix {before.text} here",
                "remove the prefix",
                f"write {suggested(found.text) or 'the string alone'}",
            )
        return None
    if found.kind:
        return None
    if mark in "\"'":
        line = text[found.start :].split("\n", 1)[0]
        closed = suggested(re.sub(r"[\s),\]]*$", "", line) + mark)
        return error(
            "bad-quotes",
            place.span(found.start, found.start + 1),
            "this string is never closed",
            "opened here",
            f"close it on the same line: {closed}" if closed else f"close it on the same line with {mark}",
        )
    if ord(mark) in CURLY:
        pattern = "[“”„‟«»＂]" if mark.translate(CURLY) == '"' else "[‘’‚‛`´＇]"
        end = re.compile(pattern).search(text, found.start + 1)
        repaired = suggested(text[found.start : end.end()].translate(CURLY)) if end else None
        return error(
            "bad-quotes",
            place.span(found.start, end.end() if end else found.end),
            f"{mark} does not quote",
            "typographic quotes" if mark != "`" else "a backtick",
            f"write {repaired}" if repaired else "write straight quotes: '…' or \"…\"",
        )
    return None


def stray_character(place: Place) -> AutodiffError | None:
    found, before = place.found, place.before
    if found is None or found.kind:
        return None
    if found.text == "!":
        if before is not None and before.ends_operand:
            left = suggested(place.left()) or "n"
            help = [f"the factorial of {left} is exp(lgamma({left} + 1))", "to compare, write !="]
        else:
            right = Place(place.source, found.end)
            operand = suggested(right.right()) or "x"
            help = [f"write ~{operand} for each element, or not {operand} for a single truth"]
        return error("unknown-character", place.span(found.start, found.end), "! is not an operator", "unknown", *help)
    return unknown_character(place.source, found.start)


def unknown_character(source: Source, at: int) -> AutodiffError:
    """The error for a character that no token has; also raised for those that \\w admits and a name does not."""
    character = source.text[at]
    if character in TRANSPOSES and at > 0:
        operand = re.search(r"([^\W\d]\w*)\^?$", source.text[max(0, at - LONGEST) : at])
        write = f"write {operand[1] if operand else 'X'}.T"
        return error(
            "transpose-mark", Span(source, at, at + 1), f"{character} does not transpose", "means nothing here", write
        )
    name = unicodedata.name(character, "").lower()
    code = code_point(character) + (f", {name}" if name else "")
    if 0xD800 <= ord(character) < 0xE000:
        described, help = f"{code_point(character)}, a byte that is not UTF-8", "save or send the text as UTF-8"
    elif not character.isprintable() or unicodedata.category(character)[0] in "MCZ":
        described, help = code, "remove this character, which cannot be seen"
    else:
        described = character if character.isascii() else f"{character} ({code})"
        help = HELP.get(character, "") or _repaired(source.text) or _meant(character)
    help = help or "names are made of letters, digits and _"
    return error(
        "unknown-character", Span(source, at, at + 1), f"unknown character {described}", "means nothing here", help
    )


def _repaired(text: str) -> str:
    """The whole text with its look-alikes and superscripts in ASCII, where that is an expression."""
    if suggested(text) is None:
        return ""
    plain = re.sub(r"[^\x00-\x7f]+", lambda run: _ascii(run[0]), text)
    return f"write {plain.strip()}" if plain != text and parses(plain) else ""


def _ascii(run: str) -> str:
    """Characters that are not ASCII, as those of ASCII that they look like, if there are any."""
    if all(unicodedata.decomposition(character).startswith("<super>") for character in run):
        power = unicodedata.normalize("NFKC", run).replace("−", "-").translate(str.maketrans("⁽⁾", "()"))
        return f"^{power}" if re.fullmatch(r"\w+|\(.*\)", power) else f"^({power})"
    written = ""
    for character in run:
        meant = MEANT.get(character) or unicodedata.normalize("NFKC", character)
        alike = character in MEANT or unicodedata.decomposition(character).startswith("<wide>")
        written += meant if alike and meant.isascii() else character
    return written


def _meant(character: str) -> str:
    """The ASCII that looks like a character."""
    meant = MEANT.get(character) or unicodedata.normalize("NFKC", character)
    if unicodedata.decomposition(character).startswith("<super>"):
        return f"write ^{meant}"
    if not meant.isascii() and unicodedata.digit(character, None) is not None:
        meant = str(unicodedata.digit(character))
    return f"write {meant.replace('⁄', '/')}" if meant.replace("⁄", "/").isascii() else ""
