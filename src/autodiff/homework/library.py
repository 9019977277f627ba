"""The wrong gradients of a question, to compare wrong answers with.

    Walk ──MISTAKES──▶ slips ──all gradients in one plan──▶ Library

They are computed once for a question, at all points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property, partial
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node
from autodiff.homework.compare import same
from autodiff.homework.mistakes import MISTAKES, UNLIKELY
from autodiff.homework.mistakes.walk import Slip, Walk
from autodiff.homework.setting import Setting

PAIRED = 36  # of the slips that change a rule, the first ones are combined in pairs
MOST_SLIPS = 600

Key = tuple[str, str, int]
K = TypeVar("K")
Values = np.ndarray  # stacked: points first
# Slips, and how to make the gradient that they lead to.
Made = tuple[tuple[Slip, ...], Callable[[], Node]]


class Entry(NamedTuple):
    """A slip (or two), with the gradient that it leads to at all points."""

    slips: tuple[Slip, ...]
    values: Values


class Library:
    """All mistakes of one setting with their gradients; those that change nothing are not kept.

    The first setting's are all computed; of the others, what the first has not ruled out.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.walk = Walk(setting)
        self.right = setting.expected
        places = {node: place for place, node in enumerate(self.walk.useful)}
        slips: dict[Key, Slip] = {}
        self.unlikely: set[Key] = set()
        for mistakes in (*MISTAKES, *UNLIKELY):
            for slip in mistakes(self.walk):
                key = slip.kind, slip.label, places.get(slip.node, -1)
                if len(slips) < MOST_SLIPS and key not in slips:
                    slips[key] = slip
                    if mistakes in UNLIKELY:
                        self.unlikely.add(key)
        self.slips = slips
        self._asked: dict[Any, Entry | None] = {}

    @cached_property
    def single(self) -> dict[Key, Entry]:
        """One mistake."""
        return self._evaluated({key: ((slip,), slip.gradient) for key, slip in self.slips.items()})

    @cached_property
    def pairs(self) -> dict[tuple[Key, Key], Entry]:
        """Two mistakes at once, at two places."""
        likely = [key for key in self.single if key not in self.unlikely]
        chosen = [key for key in likely if self.slips[key].rule is not None][:PAIRED]
        made = {pair: self._two(*pair) for pair in combinations(chosen, 2)}
        return self._evaluated({pair: two for pair, two in made.items() if two is not None})

    def get(self, key: Key) -> Entry | None:
        """One mistake, by its key."""
        if "single" in self.__dict__:
            return self.single.get(key)
        if key not in self._asked:
            slip = self.slips.get(key)
            found = {} if slip is None else self._evaluated({key: ((slip,), slip.gradient)})
            self._asked[key] = found.get(key)
        return self._asked[key]

    def get_pair(self, pair: tuple[Key, Key]) -> Entry | None:
        """Two mistakes, by their keys."""
        if "pairs" in self.__dict__:
            return self.pairs.get(pair)
        if pair not in self._asked:
            two = self._two(*pair) if all(key in self.slips for key in pair) else None
            self._asked[pair] = None if two is None else self._evaluated({pair: two}).get(pair)
        return self._asked[pair]

    def _two(self, first: Key, second: Key) -> Made | None:
        a, b = self.slips[first], self.slips[second]
        if a.changed is b.changed or not (a.changed and b.changed and a.rule and b.rule):
            return None
        return (a, b), partial(self.walk.with_rules, {a.changed: a.rule, b.changed: b.rule})

    def _evaluated(self, made: Mapping[K, Made]) -> dict[K, Entry]:
        nodes: dict[K, Node] = {}
        for key, (_, gradient) in made.items():
            try:
                nodes[key] = gradient()
            except Exception:  # a mistake that cannot be made here takes none of the others with it
                continue
        entries: dict[K, Entry] = {}
        for key, values in zip(nodes, self._values(list(nodes.values())), strict=True):
            if values is not None and not equal(values, self.right):
                entries[key] = Entry(made[key][0], values)
        return entries

    def _values(self, nodes: list[Node]) -> Sequence[Values | None]:
        """The values of nodes; one that a kernel refuses (a singular matrix) takes none of the others with it."""
        found: Sequence[Values] | None = None
        with suppress(AutodiffError, ArithmeticError, ValueError):
            found = self.setting.at(nodes) if nodes else []
        if found is not None and (len(nodes) < 2 or not _refused(found)):
            return found
        if len(nodes) == 1:
            return [None]
        middle = len(nodes) // 2
        return [*self._values(nodes[:middle]), *self._values(nodes[middle:])]


def _refused(stacks: Sequence[Values]) -> bool:
    """Whether nothing at all has a value at some point."""
    nothing = [np.isnan(stack.reshape(len(stack), -1)).all(axis=1) for stack in stacks if stack.dtype.kind == "f"]
    return bool(nothing) and bool(np.logical_and.reduce(nothing).any())


def equal(a: Values, b: Values, rtol: float = 1e-7) -> bool:
    """Whether two gradients are the same at every point."""
    return a.shape == b.shape and a.size > 0 and same(a, b, rtol)
