"""A constant factor lost, kept twice, or turned upside down: (c u)' = c u'."""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, only, text

HINT = "check the constant factors"


def factors(walk: Walk) -> Iterator[Slip]:
    """At each product with a constant and each quotient by one, the constant treated wrongly."""
    for node in walk.pieces:
        if node.op.name in ("dot", "vdot") and sum(map(walk.depends, node.inputs)) == 1:
            yield from _weights(walk, node)
        if node.op.name not in ("mul", "div") or len(node.inputs) != 2:
            continue
        place = 0 if walk.depends(node.inputs[0]) else 1
        if walk.depends(node.inputs[1 - place]) or (node.op.name == "div" and place == 1):
            continue
        other = node.inputs[1 - place]
        constant = text(other) if other.span is None or other.op.name != "constant" else str(other.params[0])
        here = text(node)
        divides = node.op.name == "div"
        what = f"the constant {constant} of {here}" if len(constant) < 30 else f"the constant of {here}"
        yield walk.slip("factor", "lost", node, _passed(node, place, None, False), f"{what} is lost", HINT)
        yield walk.slip(
            "factor", "inverse", node, _passed(node, place, other, not divides),
            f"{what} {'multiplies' if divides else 'divides'}, the wrong way round", HINT,
        )  # fmt: skip
        twice = _twice(node, place, other, divides)
        yield walk.slip("factor", "twice", node, twice, f"{what} is there twice", HINT)


def _weights(walk: Walk, node: Node) -> Iterator[Slip]:
    """The constant vector of v @ u."""
    place = 0 if walk.depends(node.inputs[0]) else 1
    if node.inputs[place] is walk.leaf and walk.is_inner(node):  # that is the whole inner derivative: the chain rule
        return
    passed: Rule = lambda g: only(node, place, g * ops.ones_like(node.inputs[place]))  # noqa: E731
    says = f"the constant {text(node.inputs[1 - place])} of {text(node)} is lost"
    yield walk.slip("factor", "lost", node, passed, says, HINT)


def _passed(node: Node, place: int, other: Node | None, divide: bool) -> Rule:
    def rule(g: Node) -> list[Node | None]:
        part = g if other is None else g / other if divide else g * other
        return [part if i == place else None for i in range(len(node.inputs))]

    return rule


def _twice(node: Node, place: int, other: Node, divides: bool) -> Rule:
    return lambda g: [
        (g / other / other if divides else g * other * other) if i == place else None for i in range(len(node.inputs))
    ]
