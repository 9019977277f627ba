"""How tightly a text holds together, how long it is, and what brackets it needs."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

# How tightly a text holds together, loosest first.
UNION, INTERSECTION, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(8)

LONG = 2000  # characters: of a text that is longer no other form is tried

Printed = tuple[str, int]


def length(formula: str) -> int:
    """Operators, calls, comparisons, transposes and subscripts that a formula is written with."""
    formula = re.sub(r"(?<=[(,=*/^@+\-])\s*-(?=\s*[\w(])", "~", formula.strip())
    formula = re.sub(r"\b\d*\.?\d+(e[-+]?\d+)?\b", lambda m: "1" if len(m[0]) <= 6 else "1+1+1+1", formula)
    pattern = r"\*\*|[-+*/@^~%]|[<>]=?|==|!=|\b(?:not|and|or|if|else)\b|\w+\s*\(|\.m?[TH]\b|\["
    return len(re.findall(pattern, formula))


def bracketed(printed: Printed, least: int) -> str:
    text, level = printed
    return text if level >= least else f"({text})"


def rational(value: Any) -> Printed:
    if isinstance(value, Fraction):
        level = PRODUCT if value.denominator != 1 else ATOM if value >= 0 else SIGN
        return str(value), level
    return repr(value), ATOM if value >= 0 else SIGN


def dims_text(dims: Any, keepdim: bool = False) -> str:
    if dims is None:
        return ""
    return f", {dims[0] if len(dims) == 1 else dims}" + (", keepdim=True" if keepdim else "")
