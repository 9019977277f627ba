"""What numbers, strings and names are worth, exactly."""

from __future__ import annotations

import re
from keyword import kwlist
from typing import TYPE_CHECKING

from autodiff.errors import AutodiffError, Source, Span

if TYPE_CHECKING:
    from fractions import Fraction

# Digits that a literal may have when it is written out, which is also what Python converts without objection. Far more
# than a float needs (1e308, 1e-400), and small enough that no literal is worth more memory than it takes to write.
MAX_DIGITS = 4300


def integer(digits: str, span: Span) -> int:
    """The worth of ASCII digits, which may have `_` between them. Raises limit-number."""
    if len(digits) <= 640:  # the least that PYTHONINTMAXSTRDIGITS can forbid
        return int(digits)
    digits = digits.replace("_", "").lstrip("0") or "0"
    if len(digits) > MAX_DIGITS:
        raise _too_long(span, f"this number has {len(digits)} digits")
    value = 0
    for i in range(0, len(digits), 600):
        piece = digits[i : i + 600]
        value = value * 10 ** len(piece) + int(piece)
    return value


def based(text: str, span: Span) -> int:
    """The worth of a hexadecimal, octal or binary integer. Raises limit-number."""
    if len(text) > MAX_DIGITS // 2:
        raise _too_long(span, f"this number has {len(text) - 2} digits")
    return int(text, 0)


def number(text: str, span: Span) -> tuple[int | Fraction, bool]:
    """The exact value of a numeral, and whether it was written with a point or an exponent. Raises limit-number."""
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    whole, point, fraction = mantissa.partition(".")
    if not point and not exponent:
        return integer(text, span), False
    # Deferred: with what it imports (decimal), it would cost every start 4 ms.
    from fractions import Fraction

    fraction = fraction.replace("_", "")
    digits = (whole.replace("_", "") + fraction).lstrip("0")
    if not digits:
        return Fraction(0), True
    if len(exponent.lstrip("+-0").replace("_", "")) > 6:
        raise _too_long(span, "the exponent of this number is too large")
    trimmed = digits.rstrip("0")
    power = int(exponent or "0") - len(fraction) + len(digits) - len(trimmed)
    if max(len(trimmed) + power, len(trimmed), -power) > MAX_DIGITS:
        raise _too_long(span, "this number takes too many digits to write out")
    worth = integer(trimmed, span)
    return (Fraction(worth * 10**power) if power >= 0 else Fraction(worth, 10**-power)), True


def _too_long(span: Span, message: str) -> AutodiffError:
    return AutodiffError(
        "limit-number",
        f"{message}; the limit is {MAX_DIGITS} digits",
        type="ValueError",
        span=span,
        says="too long",
        help="a float64 holds 17 digits and exponents from -308 to 308",
    )


_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|(\r\n|[\s\S]))"
)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_SIMPLE |= {"\n": "", "\r": "", "\r\n": ""}


def string(text: str, span: Span) -> str:
    """The worth of a string with its quotes, by Python's escapes (an unknown one stays as it is)."""
    return unescape(text[1:-1], span.source, span.start + 1) if "\\" in text else text[1:-1]


def unescape(body: str, source: Source, at: int) -> str:
    """A text in which escapes are what they stand for; it begins at `at`. Raises syntax."""

    def escape(match: re.Match[str]) -> str:
        octal, hex2, hex4, hex8, name, other = match.groups()
        if octal is not None:
            return chr(int(octal, 8))
        if code := hex2 or hex4 or hex8:
            if int(code, 16) <= 0x10FFFF:
                return chr(int(code, 16))
        elif name is not None:
            import unicodedata

            try:
                return unicodedata.lookup(name)
            except KeyError:
                pass
        elif other not in "xuUN":
            return _SIMPLE.get(other, "\\" + other)
        start = at + match.start()
        raise AutodiffError(
            "syntax",
            f"{match[0]} is not a character in a string",
            type="SyntaxError",
            span=Span(source, start, start + len(match[0])),
            says="this escape is incomplete or names no character",
            help=r"write \xHH, \uHHHH, \UHHHHHHHH or \N{NAME}, and \\ for a backslash",
        )

    return _ESCAPE.sub(escape, body)


# Python's own words cannot be names, so that every formula that is printed can be run by Python.
PYTHON_WORDS = frozenset(kwlist)


def identifier(text: str, span: Span) -> str:
    """A name in its normal form (NFKC, as in Python: the mathematical 𝑥 is x). Raises unknown-character."""
    if text.isascii():
        return text
    import unicodedata

    normal = unicodedata.normalize("NFKC", text)
    for i, character in enumerate(text):
        if not ("_" + unicodedata.normalize("NFKC", character)).isidentifier() or unicodedata.decomposition(
            character
        ).startswith("<super>"):
            from autodiff.syntax.characters import unknown_character

            raise unknown_character(span.source, span.start + i)
    if not normal.isidentifier():  # a digit that is none to \d: ₂x
        from autodiff.syntax.characters import unknown_character

        raise unknown_character(span.source, span.start)
    return normal
