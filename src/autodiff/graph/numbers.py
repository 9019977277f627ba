"""Arithmetic of plain numbers before they meet a tensor: exact while it is cheap.

An int is an integer, a Fraction stands for a floating-point number that is known exactly (`0.1`, `1/3`), a float is one
that is not (`pi`, `inf`, a result too long to keep exact).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.values import real

Plain = bool | int | float | Fraction

MAX_BITS = 14_000  # about 4,300 digits, Python's own limit for printing an integer
EXACT_BITS = 1_024  # longer fractions are rounded to a float


# What Python 3.11 says of integers, and of floating-point numbers.
ZERO_DIVISIONS = {
    "/": ("division by zero", "float division by zero"),
    "//": ("integer division or modulo by zero", "float floor division by zero"),
    "%": ("integer modulo by zero", "float modulo"),
    "**": ("0.0 cannot be raised to a negative power", "0.0 cannot be raised to a negative power"),
}


def binary(op: str, a: Plain, b: Plain) -> Plain:
    """`a op b` as Python has it; raises `bad-value` (division by zero) and `limit-number`."""
    try:
        result = _power(a, b) if op == "**" else _BINARY[op](a, b)
    except ZeroDivisionError:
        message = ZERO_DIVISIONS[op][not (isinstance(a, int) and isinstance(b, int))]
        dividend = 1 if op == "**" else float(a) if isinstance(a, Fraction) else a
        limit = "nan" if not dividend or op == "%" else "-inf" if dividend < 0 else "inf"
        help = f"as a tensor it is {limit}: {dividend!r:.20}{'/' if op == '**' else op}tensor(0.)"
        raise AutodiffError("bad-value", message, type="ZeroDivisionError", help=help) from None
    except OverflowError:
        raise AutodiffError("limit-number", "the number is too large", type="OverflowError") from None
    except TypeError:
        raise AutodiffError(
            "argument-type",
            f"unsupported operand type(s) for {op}{' or pow()' * (op == '**')}: '{kind_name(a)}' and '{kind_name(b)}'",
            type="TypeError",
        ) from None
    return tidy(result, a, b)


def unary(op: str, a: Plain) -> Plain:
    if op == "not":
        return not a
    if op == "~":
        if isinstance(a, int):
            return ~a
        raise AutodiffError("argument-type", f"bad operand type for unary ~: '{kind_name(a)}'", type="TypeError")
    if op == "+":
        return +a
    return -0.0 if isinstance(a, Fraction) and not a else -a


def compare(op: str, a: Plain, b: Plain) -> bool:
    return bool(COMPARE[op](a, b))


def kind_name(value: Any) -> str:
    return "float" if isinstance(value, Fraction) else type(value).__name__


def tidy(result: Plain, *operands: Plain) -> Plain:
    """Keep a floating number floating, and numbers within bounds."""
    if isinstance(result, int):
        if result.bit_length() > MAX_BITS:
            raise _too_long()
        if not isinstance(result, bool) and any(isinstance(o, Fraction) for o in operands):
            return Fraction(result)
        return result
    if isinstance(result, Fraction):
        bits = result.numerator.bit_length() + result.denominator.bit_length()
        return result if bits <= EXACT_BITS else real(result)
    return result


def _too_long() -> AutodiffError:
    return AutodiffError(
        "limit-number",
        "an integer of more than 4,300 digits",
        type="OverflowError",
        help="floating-point numbers end at about 1.8e308: write 1e300 for 10^300",
    )


def _divide(a: Plain, b: Plain) -> Plain:
    if isinstance(a, float) or isinstance(b, float):
        return a / b
    return Fraction(a) / Fraction(b)


def _power(a: Plain, b: Plain) -> Plain:
    if isinstance(b, Fraction) and b.denominator == 1 and not isinstance(a, float):
        a, b = Fraction(a), b.numerator
    if isinstance(b, int) and isinstance(a, (int, Fraction)):
        size = a.bit_length() if isinstance(a, int) else max(a.numerator.bit_length(), a.denominator.bit_length())
        if abs(b) * max(size - 1, 0) <= EXACT_BITS:
            if isinstance(a, int) and b < 0:
                return Fraction(a) ** b
            return a**b
        if isinstance(a, int) and b > 0:
            if b * (size - 1) > MAX_BITS:
                raise _too_long()
            return a**b  # type: ignore[no-any-return]
    base, exponent = float(a), float(b)
    if base < 0 and not exponent.is_integer() and math.isfinite(base) and math.isfinite(exponent):
        raise AutodiffError(
            "bad-value",
            "a negative number to a fractional power is complex",
            type="ValueError",
            help="complex numbers are not supported; as a tensor, tensor(-8.)^(1/3), it is nan",
        )
    return math.pow(base, exponent) if base or exponent >= 0 else 1 / base


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "//": operator.floordiv,
    "%": operator.mod,
    "&": operator.and_,
    "|": operator.or_,
}
COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
