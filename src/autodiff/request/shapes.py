"""`NAME:SHAPE`, a shape without a value: names and integers, `X:m,n`, `w:3`, `s:scalar`."""

from __future__ import annotations

import re
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.sizes import Dim, Shape, Size

FORM = re.compile(r"([^\W\d]\w*):(.*)", re.S)


def declared(argument: str) -> tuple[str, str] | None:
    """NAME:SHAPE as its two sides, None for what is not of that form."""
    match = FORM.fullmatch(argument.strip())
    if match is None or "=" in match[1]:
        return None
    return match[1], match[2]


def shape_of(name: str, text: str) -> Shape:
    """The shape that `m,n`, `3` or `scalar` says; raises `usage`."""
    bracketed = re.fullmatch(r"\s*[(\[](.*)[)\]]\s*", text)
    if bracketed is not None:
        inside = ",".join(word.strip() for word in bracketed[1].split(",") if word.strip())
        help = f"write {name}:{inside or 'scalar'}"
        raise AutodiffError("usage", f"the shape of {name} has brackets around it", type="ValueError", help=help)
    words = [word.strip() for word in text.split(",")]
    if words in (["scalar"], [""]):
        return ()
    return tuple([_size(name, word) for word in words])


def shape_from_json(name: str, data: Any) -> Shape:
    """The shape that a list of names and integers says; raises `bad-request`."""
    if not isinstance(data, list) or not all(isinstance(item, (str, int)) and item is not True for item in data):
        message = f"shapes.{name} must be a list of sizes, names or integers, such as ['m', 3]"
        raise AutodiffError("bad-request", message, type="TypeError")
    return tuple([_size(name, str(item)) for item in data])


def _size(name: str, word: str) -> Dim:
    if word.isdecimal() and len(word) < 19:
        return int(word)
    if not word.isidentifier():
        raise AutodiffError(
            "usage",
            f"{word!r:.40} is no size in the shape of {name}",
            type="ValueError",
            help="a shape is names and integers, X:m,n or w:3, and X:scalar for a number",
        )
    return Size.named(word)
