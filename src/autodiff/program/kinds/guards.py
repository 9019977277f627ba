"""Sizes that are known before something is made, and iterators that may never end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.program import limits

BITS = 100_000  # of an integer
WIDTH = 1_000_000  # of a formatted field
SIZED = frozenset((list, tuple, set, frozenset, dict, str, type({}.keys()), type({}.values()), type({}.items())))
WORD = 8  # bytes of a place in a list


def too_large(what: str) -> AutodiffError:
    """The error for an integer that is too long to be computed with."""
    return AutodiffError(
        "limit-number",
        f"{what} would have more than {BITS:,} bits".replace(",", " "),
        type="OverflowError",
        help="floating-point numbers reach 1.8e308: write 10.0 ** 300, or compute with logarithms",
    )


def check_bits(bits: float, what: str = "this integer") -> None:
    if bits > BITS:
        raise too_large(what)


def check_width(width: int) -> None:
    """Raise `limit-size` for a field that is wider than anybody reads."""
    if width > WIDTH:
        raise AutodiffError(
            "limit-size",
            f"a field of {width} characters is wider than the limit of {WIDTH}",
            type="ValueError",
            help="give the field a smaller width or precision",
        )


def check_nested(value: Any) -> None:
    """Raise `limit-memory` for nested lists that share parts and would be enormous as a tensor."""
    if not any(type(item) in (list, tuple) for item in value):
        return
    counts: dict[int, int] = {}
    stack = [value]
    while stack:
        item = stack[-1]
        inner = [part for part in item if type(part) in (list, tuple)]
        if id(item) not in counts:
            counts[id(item)] = 0  # also while it is gone through: a list that contains itself is not counted here
            stack += [part for part in inner if id(part) not in counts]
        else:
            stack.pop()
            counts[id(item)] = len(item) - len(inner) + sum(counts[id(part)] for part in inner)
    limits.allocate(WORD * counts[id(value)])


def host_iterator(value: Any) -> Iterator[Any]:
    """The host's iterator over a value; raises TypeError for what is not iterable."""
    from autodiff.program.kinds.objects import class_of, is_class

    if is_class(value):
        raise TypeError(f"'{class_of(value).__name__}' object is not iterable")
    return iter(value)


def bounded(iterable: Any) -> Iterable[Any]:
    """The items of something iterable that may be consumed as a whole: what could be endless counts as steps."""
    cls = type(iterable)
    if cls in SIZED:
        limits.allocate(WORD * len(iterable))
        return iterable  # type: ignore[no-any-return]
    if cls is range:
        size = _length(iterable)
        limits.allocate(36 * size)
        if size < 100_000:
            return iterable  # type: ignore[no-any-return]
    return ticking(iterable)


def streamed(iterable: Any) -> Iterable[Any]:
    """As `bounded`, for items that are not kept."""
    cls = type(iterable)
    if cls in SIZED or (cls is range and _length(iterable) < 100_000):
        return iterable  # type: ignore[no-any-return]
    return ticking(iterable, keep=False)


def _length(numbers: range) -> int:
    return max(0, (numbers.stop - numbers.start + numbers.step - (1 if numbers.step > 0 else -1)) // numbers.step)


def ticking(iterable: Any, keep: bool = True) -> Iterator[Any]:
    """Items one by one, each a step; every thousand of those that are kept count as memory."""
    tick = limits.tick
    for count, item in enumerate(host_iterator(iterable), 1):
        tick()
        if keep and count & 1023 == 0:
            limits.allocate(WORD * count)
        yield item
