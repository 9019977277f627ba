"""An answer at other sizes than its question's: `ones(4)` and `/12` follow the sizes, where they stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autodiff.homework.library import Library
from autodiff.homework.mistakes.walk import count
from autodiff.homework.rewritten import divided, resized
from autodiff.syntax.tree import Tree


def moved(tree: Tree, own: Library, other: Library) -> list[Tree]:
    """The answer as written, with the sizes in it changed, and with what it divides by changed as well."""
    sizes = _renumbering(zip(own.setting.shapes.values(), other.setting.shapes.values(), strict=True))
    trees = [tree, resized(tree, sizes)]
    trees += [divided(trees[1], _counting(own, other, sizes)), divided(trees[1], sizes)]
    return [item for number, item in enumerate(trees) if not any(item is earlier for earlier in trees[:number])]


def _renumbering(shapes: Iterable[tuple[Sequence[int], Sequence[int]]]) -> dict[int, int]:
    """What sizes are elsewhere; those that become several are left out."""
    found: dict[int, set[int]] = {}
    for own, other in shapes:
        for size, there in zip(own, other, strict=True):
            found.setdefault(size, set()).add(there)
    return {size: next(iter(there)) for size, there in found.items() if size > 1 and len(there) == 1}


def _counting(own: Library, other: Library, sizes: dict[int, int]) -> dict[int, int]:
    """What numbers of elements are elsewhere, those of the outer operations first; then sizes, and one less of each."""
    found: dict[int, int] = {}
    for node, there in reversed(list(zip(own.walk.useful, other.walk.useful, strict=True))):
        for x, y in zip(node.inputs, there.inputs, strict=True):
            if count(x) > 1:
                found.setdefault(count(x), count(y))
    found = {**sizes, **found}
    return {**{n - 1: there - 1 for n, there in found.items() if n > 2}, **found}
