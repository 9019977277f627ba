"""Whether two answers to a program agree: numbers within rounding, all else to the letter."""

from __future__ import annotations

import math
import re
from typing import Any

NUMBER = re.compile(r"-?(?:\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+|inf|nan)")


def differences(ours: list[Any], theirs: list[Any]) -> str | None:
    """The first place where two answers part, with the statement that it belongs to; None where they agree."""
    statement = ""
    for i in range(max(len(ours), len(theirs))):
        a = ours[i] if i < len(ours) else None
        b = theirs[i] if i < len(theirs) else None
        if b and b[0] == "error" and "INTERNAL ASSERT" in b[2]:
            return None  # a fault of PyTorch's
        if not same(a, b):
            return f"{statement}\n  ours   {a}\n  theirs {b}"
        if a and a[0] == "statement":
            statement = a[1]
    return None


# Rounding of float32, as long chains and functions near their poles and zeros make it grow.
RELATIVE, ABSOLUTE = 1e-4, 1e-5


def same(a: Any, b: Any) -> bool:
    """Whether two parts of answers agree."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return type(a) is type(b) and near(a, b)
    if isinstance(a, str) and isinstance(b, str):
        return a == b or alike(a, b)
    if isinstance(a, list) and isinstance(b, list):
        if a[:1] == b[:1] == ["look"] and a[1]["data"] != b[1]["data"]:
            a, b = a[:-1], b[:-1]  # another last digit may turn a text upside down
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return False


def near(a: float, b: float) -> bool:
    """Equal but for rounding."""
    return a == b or math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def alike(a: str, b: str) -> bool:
    """Texts that differ only in last digits of numbers, and in the spaces that those cost."""
    if re.sub(r"\s+", " ", NUMBER.sub("#", a)) != re.sub(r"\s+", " ", NUMBER.sub("#", b)):
        return False
    pairs = zip(NUMBER.findall(a), NUMBER.findall(b), strict=True)
    return all(x == y or near(float(x), float(y)) or abs(float(x) - float(y)) <= 1.01e-4 for x, y in pairs)
