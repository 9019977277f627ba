"""How text looks on a terminal: what is shown for each character, and how many columns it takes.

Control characters, and what could turn or hide the text around it, are shown as symbols, so that whatever a user typed
can be printed.
"""

from __future__ import annotations

TAB = "    "


def cell(char: str) -> tuple[str, int]:
    """What is shown for one character, and its width."""
    code = ord(char)
    if 32 <= code < 127:
        return char, 1
    if code < 32:
        return (TAB, len(TAB)) if char == "\t" else (chr(0x2400 + code), 1)
    if code == 127:
        return "␡", 1
    from unicodedata import category, east_asian_width

    kind = category(char)
    if kind in ("Mn", "Me"):
        return char, 0
    if kind in ("Cc", "Cs", "Zl", "Zp", "Co", "Cn") or (kind == "Cf" and code != 0x200D):
        text = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
        return text, len(text)
    if kind == "Cf":
        return char, 0
    return char, 2 if east_asian_width(char) in "WF" else 1


def displayed(text: str) -> str:
    """The text as it can be shown in one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(cell(char)[0] for char in text)


def width(text: str) -> int:
    """Columns that the text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    return sum(cell(char)[1] for char in text)
