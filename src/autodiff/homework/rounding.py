"""What rounding may do to an answer and to the key: both again with each number moved by hardly anything.

A true difference stays as it is when inputs and intermediate results move in their last digits; one that rounding made
jumps.  What rounding does inside of a formula shows when every intermediate result is changed (Monte Carlo arithmetic;
Parker, 1997): in `1e9*x + 0.1 - 1e9*x` the inputs may move and the error stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from autodiff.graph.node import Node, ancestors
from autodiff.graph.primitive import BROADCAST, CONVERT, PICK
from autodiff.homework.setting import Setting, Stacked

CHANGES = (2.0**-51, -(2.0**-50), 1e-9, -3e-9, 1e-8)  # of each input
EPSILON, MAGNIFIED = 2.0**-52, 2.0**12  # intermediate results are changed by more than EPSILON, to be seen
SIGNS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)  # by pattern, which intermediate results grow and which shrink
UNTOUCHED = (BROADCAST, CONVERT, PICK)

Pair = tuple[np.ndarray, np.ndarray]


def variations(setting: Setting, both: Stacked, values: Pair) -> Iterator[Pair]:
    """The values of an answer and its key, changed as rounding may change them; `values` are what they were."""
    for change in CHANGES:
        moved = {name: x * (1 + change) if x.dtype.kind == "f" else x for name, x in setting.feeds.items()}
        answered, expected = both.at(moved, setting.rows)
        yield answered, expected
    for pattern in SIGNS:
        changed = Stacked(_changed(both.nodes, pattern), both.limit_bytes)
        near = changed.at(setting.feeds, setting.rows)
        with np.errstate(all="ignore"):
            answered, expected = (_float(v) + (_float(x) - v) / MAGNIFIED for v, x in zip(values, near, strict=True))
        yield answered, expected


def noise_of(setting: Setting) -> float:
    """How much rounding may change of the gradient of an expression, at most of its points."""
    near = Stacked(_changed([setting.gradient], SIGNS[0])).at(setting.feeds, setting.rows)[0]
    with np.errstate(all="ignore"):
        return float(np.nanmedian(abs(near - setting.expected))) / MAGNIFIED


def _float(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float64)


def _changed(nodes: Sequence[Node], pattern: int) -> list[Node]:
    """The graph with each intermediate result a little larger or smaller."""
    made: dict[Node, Node] = {}
    for place, part in enumerate(ancestors(nodes)):
        new = part
        if any(made[x] is not x for x in part.inputs):
            inputs = tuple([made[x] for x in part.inputs])
            new = Node(
                part.op, inputs, part.params, part.shape, part.dtype, part.requires_grad, part.weak, part.results
            )
        rounds = part.inputs and part.dtype.is_floating and part.results is None and not part.weak
        if rounds and part.op not in UNTOUCHED:
            grows = (place * pattern >> 7) & 1
            new = new * (1 + (EPSILON if grows else -EPSILON) * MAGNIFIED)
        made[part] = new
    return [made[node] for node in nodes]
