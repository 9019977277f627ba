"""Python's operators, with limits to what they make."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from autodiff.program import limits
from autodiff.program.kinds.guards import BITS, SIZED, WORD, bounded, check_bits, host_iterator, streamed
from autodiff.program.kinds.objects import is_own, own_method
from autodiff.program.kinds.table import type_name

INTEGERS = (int, bool)
SEQUENCES = (str, list, tuple)
REPEATED = (str, list, tuple, deque)
SMALL = 1 << 62


def add(a: Any, b: Any) -> Any:
    cls = type(a)
    if cls in SEQUENCES and type(b) is cls:
        limits.allocate((1 if cls is str else WORD) * (len(a) + len(b)))
    elif cls not in NUMBERS:
        _check_arrays(a, b)
    return a + b


def subtract(a: Any, b: Any) -> Any:
    if type(a) not in NUMBERS:
        _check_arrays(a, b)
    return a - b


def multiply(a: Any, b: Any) -> Any:
    cls, other = type(a), type(b)
    if cls is float or other is float:
        return a * b
    if cls in INTEGERS and other in INTEGERS:
        if not (-SMALL < a < SMALL and -SMALL < b < SMALL):
            check_bits(a.bit_length() + b.bit_length() - 1, "the product")
        return a * b
    if isinstance(a, REPEATED):
        return _repeat(a, b)
    if isinstance(b, REPEATED):
        return _repeat(b, a)
    _check_arrays(a, b)
    return a * b


def _repeat(sequence: Any, times: Any) -> Any:
    if is_own(times):
        for name in ("__rmul__", "__mul__"):
            if hasattr(type(times), name):
                return sequence * times if name == "__rmul__" else times * sequence
    try:
        count = operator.index(times)
    except TypeError:
        raise TypeError(f"can't multiply sequence by non-int of type '{type_name(times)}'") from None
    _allocate_repeated(sequence, count)
    return sequence * count


def _allocate_repeated(sequence: Any, count: int) -> None:
    each = WORD if not isinstance(sequence, str) else 1 if sequence.isascii() else 4
    limits.allocate(each * len(sequence) * max(operator.index(count), 0))


def divide(a: Any, b: Any) -> Any:
    if type(a) not in NUMBERS:
        _check_arrays(a, b)
    return a / b


def modulo(a: Any, b: Any) -> Any:
    if type(a) is str:
        from autodiff.program.kinds.formats import percent

        return percent(a, b)
    return a % b


def power(a: Any, b: Any) -> Any:
    if type(a) in INTEGERS and type(b) in INTEGERS and b > 0:
        check_bits((abs(a).bit_length() - 1 if abs(a) != 2 else 1) * b if abs(a) > 1 else 0, "the power")
        check_bits(abs(a).bit_length() * b if b < BITS else 0 if abs(a) < 2 else BITS + 1, "the power")
    elif type(a) not in NUMBERS:
        _check_arrays(a, b)
    return a**b


def shift_left(a: Any, b: Any) -> Any:
    if type(a) in INTEGERS and type(b) in INTEGERS and a:
        check_bits(a.bit_length() + b, "the shifted integer")
    return a << b


def matmul(a: Any, b: Any) -> Any:
    return a @ b


NUMBERS = frozenset((int, float, bool))
# Whoever knows arrays says how much an operation of two of them would take.
ARRAY_CHECKS: list[Callable[[Any, Any], None]] = []


def _check_arrays(a: Any, b: Any) -> None:
    for check in ARRAY_CHECKS:
        check(a, b)


def _binary(sign: str, operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operator whose message names types as programs know them."""

    def operated(a: Any, b: Any) -> Any:
        return operate(a, b)

    operated.__name__ = sign
    return operated


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": operator.floordiv,
    "%": modulo,
    "@": matmul,
    "**": power,
    "|": operator.or_,
    "&": operator.and_,
    "<<": shift_left,
    ">>": operator.rshift,
    "^": power,
}


# In place


def iadd(a: Any, b: Any) -> Any:
    if type(a) is list:
        items = list(bounded(b))
        limits.allocate(WORD * (len(a) + len(items)))
        a += items
        return a
    if type(a) in NUMBERS or type(a) in SEQUENCES:
        return _plainly("+", a, b)
    a += b
    return a


def _plainly(sign: str, a: Any, b: Any) -> Any:
    """`a op= b` for values that have the plain operator alone; messages name the operator as it is written."""
    try:
        return BINARY[sign](a, b)
    except TypeError as error:
        start = f"unsupported operand type(s) for {sign}{' or pow()' if sign == '**' else ''}: "
        if not str(error).startswith(start):
            raise
        raise TypeError(f"unsupported operand type(s) for {sign}=: {str(error)[len(start) :]}") from None


def imul(a: Any, b: Any) -> Any:
    if type(a) is list:
        if is_own(b):
            return multiply(a, b)
        repeated = _repeat(a, b)
        a[:] = repeated
        return a
    if type(a) in NUMBERS or isinstance(a, SEQUENCES) or isinstance(b, SEQUENCES):
        return _plainly("*", a, b)
    if type(a) is deque:
        _allocate_repeated(a, b)
    a *= b
    return a


def _in_place(sign: str, host: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    sign = "**" if sign == "^" else sign

    def operate(a: Any, b: Any) -> Any:
        if type(a) in NUMBERS or type(a) is str:
            return _plainly(sign, a, b)
        return host(a, b)

    return operate


INPLACE: dict[str, Callable[[Any, Any], Any]] = {
    "+": iadd,
    "*": imul,
    **{
        sign: _in_place(sign, host)
        for sign, host in {
            "-": operator.isub,
            "/": operator.itruediv,
            "//": operator.ifloordiv,
            "%": operator.imod,
            "@": operator.imatmul,
            "**": operator.ipow,
            "|": operator.ior,
            "&": operator.iand,
            "<<": operator.ilshift,
            ">>": operator.irshift,
            "^": operator.ipow,
        }.items()
    },
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "+": operator.pos,
    "-": operator.neg,
    "~": operator.invert,
    "not": lambda value: not truth(value),
}


# Comparisons


def contains(a: Any, b: Any) -> bool:
    """`a in b`; looking through an iterator, or a range for what is no integer, counts steps."""
    cls = type(b)
    if cls is range and type(a) not in INTEGERS:
        if isinstance(a, float):
            return a.is_integer() and int(a) in b
        return any(item == a for item in streamed(b))
    if cls in SIZED or own_method(b, "__contains__") or not (_own_sequence(b) or _is_iterator(b)):
        if isinstance(b, type):
            raise TypeError(f"argument of type '{type_name(b)}' is not iterable")
        return a in b
    return any(item is a or item == a for item in streamed(b))


def _own_sequence(value: Any) -> bool:
    return is_own(value) and (hasattr(type(value), "__iter__") or hasattr(type(value), "__getitem__"))


def _is_iterator(value: Any) -> bool:
    return hasattr(type(value), "__next__")


COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "in": contains,
    "not in": lambda a, b: not contains(a, b),
    "is": operator.is_,
    "is not": operator.is_not,
}


def truth(value: Any) -> bool:
    """Whether a value counts as true."""
    return bool(value)


def iterate(value: Any) -> Iterator[Any]:
    """An iterator over a value; raises TypeError for what is not iterable."""
    return host_iterator(value)
