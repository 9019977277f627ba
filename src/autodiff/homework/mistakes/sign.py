"""A wrong sign: of a derivative that has one (cos, 1/x, a - b, -x), or of a term."""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.graph.node import Node
from autodiff.homework.mistakes.walk import Slip, Walk, is_elementwise, minus, text

HINT = "check the signs"
# Operations whose derivatives have a minus, and those that are easily given one.
NEGATIVE = frozenset(("neg", "sub", "rsub", "cos", "acos", "reciprocal", "rsqrt", "inv", "linalg.inv"))
LIKELY = frozenset(("sin", "tanh", "sigmoid", "cosh", "sinh", "tan"))


def signs(walk: Walk) -> Iterator[Slip]:
    """The sign of what a node hands back where a minus belongs to the rule."""
    for node in walk.pieces:
        if node.op.name in NEGATIVE:
            yield from _at(walk, node)


def other_signs(walk: Walk) -> Iterator[Slip]:
    """The sign of the whole, and of what any other node hands back."""
    for node in walk.pieces:
        if node.op.name in LIKELY:
            yield from _at(walk, node)
    whole = "the answer has the wrong sign: it is minus the gradient"
    yield walk.whole("sign", "whole", walk.output, lambda: -walk.right, whole, HINT)
    for node in walk.pieces:
        if node.op.name not in NEGATIVE | LIKELY:
            yield from _at(walk, node)


def _at(walk: Walk, node: Node) -> Iterator[Slip]:
    here = text(node)
    for i in reversed(range(len(node.inputs))):
        if walk.depends(node.inputs[i]):
            says = f"the sign of the derivative of {here} is wrong"
            yield walk.slip("sign", f"operand {i}", node, walk.changed, says, HINT, given=(node, i, minus))
    if node is not walk.output and (sum(map(walk.depends, node.inputs)) > 1 or not is_elementwise(node)):
        says = f"the sign of the part that comes from {here} is wrong"
        yield walk.slip("sign", "all", node, lambda g: walk.cotangents(node, -g), says, HINT)
