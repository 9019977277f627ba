"""What strings and numbers offer."""

from __future__ import annotations

from typing import Any

from autodiff.program import limits
from autodiff.program.kinds.formats import format_template
from autodiff.program.kinds.guards import check_width, streamed
from autodiff.program.kinds.table import Kind, host, methods, register, type_name

_PIECE = 60  # bytes of a short string


def _padded(name: str) -> Any:
    pad = getattr(str, name)

    def padded(self: str, *args: Any) -> str:
        if args and isinstance(args[0], int):
            check_width(args[0])
        return pad(self, *args)  # type: ignore[no-any-return]

    return padded


def _join(self: str, iterable: Any) -> str:
    """`self.join(iterable)`; raises TypeError for items that are no strings."""
    from autodiff.program.kinds.guards import bounded

    parts = list(bounded(_checked_iterable(iterable)))
    for i, part in enumerate(parts):
        if not isinstance(part, str):
            raise TypeError(f"sequence item {i}: expected str instance, {type_name(part)} found")
    limits.allocate(sum(map(len, parts)) + len(self) * len(parts))
    return self.join(parts)


def _checked_iterable(iterable: Any) -> Any:
    if not hasattr(type(iterable), "__iter__") and not hasattr(type(iterable), "__getitem__"):
        raise TypeError("can only join an iterable")
    return iterable


def _replace(self: str, *args: Any) -> str:
    if len(args) in (2, 3) and all(isinstance(arg, str) for arg in args[:2]):
        found = self.count(args[0])
        if len(args) == 3 and isinstance(args[2], int) and args[2] >= 0:
            found = min(found, args[2])
        limits.allocate(len(self) + found * (len(args[1]) - len(args[0])))
    return self.replace(*args)


def _expandtabs(self: str, tabsize: int = 8) -> str:
    if isinstance(tabsize, int):
        check_width(tabsize)
        limits.allocate(len(self) + self.count("\t") * max(tabsize, 0))
    return self.expandtabs(tabsize)


def _split(name: str) -> Any:
    split = getattr(str, name)

    def pieces(self: str, *args: Any, **kwargs: Any) -> Any:
        limits.allocate(_PIECE // 2 * len(self) if len(self) > 1 << 20 else 0)
        return split(self, *args, **kwargs)

    return pieces


def _sequence_search(name: str) -> Any:
    search = getattr(str, name)
    return lambda self, *args: search(self, *args)


STRINGS = host(
    """lower upper title capitalize swapcase casefold strip lstrip rstrip startswith endswith find rfind index rindex
    count isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper
    removeprefix removesuffix partition rpartition"""
) | methods(
    {
        "join": _join,
        "replace": _replace,
        "expandtabs": _expandtabs,
        "split": _split("split"),
        "rsplit": _split("rsplit"),
        "splitlines": _split("splitlines"),
        "format": format_template,
        **{name: _padded(name) for name in ("ljust", "rjust", "center", "zfill")},
    }
)
register(str, Kind("str", STRINGS))

_INTEGERS = host("bit_length bit_count as_integer_ratio conjugate real imag numerator denominator")
register(int, Kind("int", _INTEGERS))
register(bool, Kind("bool", _INTEGERS))
register(float, Kind("float", host("is_integer as_integer_ratio conjugate real imag")))
register(complex, Kind("complex", host("conjugate real imag")))
register(
    range,
    Kind(
        "range",
        host("start stop step") | methods({"count": lambda r, v: _count(r, v), "index": lambda r, v: _index(r, v)}),
    ),
)
register(slice, Kind("slice", host("start stop step indices")))


def _index(numbers: range, value: Any) -> int:
    if type(value) in (int, bool):
        return numbers.index(value)
    for i, item in enumerate(streamed(numbers)):
        if item == value:
            return i
    raise ValueError("sequence.index(x): x not in sequence")


def _count(numbers: range, value: Any) -> int:
    if type(value) in (int, bool):
        return numbers.count(value)
    return sum(1 for item in streamed(numbers) if item == value)
