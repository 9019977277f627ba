"""Answers rewritten: at other sizes than they were written for, and with comparisons as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from fractions import Fraction

from autodiff.syntax import tree as T  # noqa: N812

# Functions and methods whose whole numbers are sizes.
SIZED = frozenset(
    ("ones", "zeros", "full", "eye", "expand", "reshape", "view", "broadcast_to", "tile", "repeat", "one_hot", "arange")
)
CONDITIONS = frozenset(("where", "masked_fill", "masked_select"))  # these take comparisons as they are


def rewritten(tree: T.Tree, change: Callable[[T.Tree], T.Tree]) -> T.Tree:
    """A copy of a tree with each piece changed, the inner ones first; a piece that stays is not copied."""
    made: dict[int, T.Tree] = {}
    stack = [(tree, False)]
    while stack:
        item, ready = stack.pop()
        if not ready:
            stack.append((item, True))
            stack.extend((child, False) for child in _children(item))
            continue
        made[id(item)] = change(_with_children(item, made))
    return made[id(tree)]


def _children(item: T.Tree) -> list[T.Tree]:
    found: list[T.Tree] = []
    for slot in type(item).__slots__:
        value = getattr(item, slot)
        found.extend(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, T.Tree))
    return found


def _with_children(item: T.Tree, made: Mapping[int, T.Tree]) -> T.Tree:
    if all(made[id(child)] is child for child in _children(item)):
        return item
    other = copy(item)
    for slot in type(item).__slots__:
        value = getattr(item, slot)
        if isinstance(value, T.Tree):
            setattr(other, slot, made[id(value)])
        elif isinstance(value, list):
            setattr(other, slot, [made[id(part)] if isinstance(part, T.Tree) else part for part in value])
    return other


def resized(tree: T.Tree, sizes: Mapping[int, int]) -> T.Tree:
    """`ones(4)` as `ones(3)`, for the sizes that there are: the literals that are sizes by where they stand."""

    def change(item: T.Tree) -> T.Tree:
        if not isinstance(item, T.Call) or called(item) not in SIZED:
            return item
        return _with_children(item, {id(child): _renumbered(child, sizes) for child in _children(item)})

    return rewritten(tree, change)


def divided(tree: T.Tree, counts: Mapping[int, int]) -> T.Tree:
    """`…/12` as `…/9`, for the numbers of elements that there are."""

    def change(item: T.Tree) -> T.Tree:
        if not isinstance(item, T.Binary) or item.op != "/":
            return item
        right = _renumbered(item.right, counts)
        return _with_children(item, {id(item.left): item.left, id(item.right): right})

    return rewritten(tree, change)


def _renumbered(item: T.Tree, numbers: Mapping[int, int]) -> T.Tree:
    if isinstance(item, T.Number) and not item.decimal and item.value in numbers:
        return T.Number(item.span, numbers[int(item.value)], False)
    if isinstance(item, T.ListOf | T.TupleOf):
        return _with_children(item, {id(part): _renumbered(part, numbers) for part in _children(item)})
    return item


def called(item: T.Call) -> str:
    """The name of what a call calls."""
    function = item.function
    return function.id if isinstance(function, T.Name) else getattr(function, "name", "")


def with_numbers(tree: T.Tree) -> T.Tree:
    """The tree with its comparisons as zeros and ones, except for those that choose (`where(x > 0, …)`, `x[x > 0]`)."""
    choosing: set[int] = set()

    def note(item: T.Tree) -> T.Tree:
        if isinstance(item, T.Call) and called(item) in CONDITIONS:
            choosing.update(id(part) for part in item.args)
        if isinstance(item, T.Index):
            choosing.update(id(part) for part in item.items)
        return item

    def change(item: T.Tree) -> T.Tree:
        if not isinstance(item, T.Compare) or id(item) in choosing:
            return item
        return T.Binary(item.span, "*", item.span, item, T.Number(item.span, Fraction(1), True))

    rewritten(tree, note)
    return rewritten(tree, change)
