"""A variable that is used more than once, and a path that is lost: gradients along all paths add up.

The multivariate chain rule (Stewart, Calculus, section 14.5); in softmax each output depends on every input.
"""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, lost, only, text

HINT = "the variable stands in several places: do all of them contribute?"


def lost_paths(walk: Walk) -> Iterator[Slip]:
    """Each path to the variable but the only one, lost."""
    for node in walk.pieces:
        yield from _softmax(walk, node)
    for node in walk.pieces:
        if node is walk.output:
            continue
        says = f"the part of the gradient that comes from {text(node)} is missing"
        yield walk.slip("accumulate", "path", node, _nothing, says, HINT, given=(node,))
    for node in walk.pieces:
        if sum(map(walk.depends, node.inputs)) < 2:
            continue
        for i, x in enumerate(node.inputs):
            says = f"{text(x)} in {text(node)} is treated as a constant"
            yield walk.slip("accumulate", f"operand {i}", node, walk.changed, says, HINT, given=(node, i, lost))


def _nothing(g: Node, node: Node) -> list[Node | None]:
    return [None] * len(node.inputs)


def _softmax(walk: Walk, node: Node) -> Iterator[Slip]:
    here = text(node)
    if node.op.name == "softmax":
        own: Rule = lambda g: only(node, 0, g * node * (1 - node))  # noqa: E731
        says = f"each element of {here} depends on all elements, and only its own is counted"
        yield walk.slip("accumulate", "diagonal", node, own, says, HINT)
        dim = node.params[0]
        plus: Rule = lambda g: only(node, 0, node * (g + ops.sum(g * node, dim, True)))  # noqa: E731
        says = f"the derivative of {here} has a minus between its two terms"
        yield walk.slip("sign", "terms", node, plus, says, "check the signs")
        passed: Rule = lambda g: only(node, 0, g * node)  # noqa: E731
        yield walk.slip(
            "accumulate", "numerator", node, passed, f"the denominator of {here} is treated as a constant", HINT
        )
    if node.op.name == "log_softmax":
        ones: Rule = lambda g: only(node, 0, g * ops.ones_like(node))  # noqa: E731
        yield walk.slip(
            "accumulate", "numerator", node, ones, f"the denominator in {here} is treated as a constant", HINT
        )
        dim = node.params[0]
        others: Rule = lambda g: only(node, 0, -ops.exp(node) * ops.sum(g, dim, True))  # noqa: E731
        says = f"the gradient through {here} has a term for each element itself, and that is missing"
        yield walk.slip("accumulate", "others", node, others, says, HINT)
        diagonal: Rule = lambda g: only(node, 0, g * (1 - ops.exp(node)))  # noqa: E731
        says = f"each element of {here} depends on all elements, and only its own is counted"
        yield walk.slip("accumulate", "diagonal", node, diagonal, says, HINT)
