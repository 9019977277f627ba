"""The product rule: (uv)' = u'v + uv', with a term lost, subtracted, or the derivatives multiplied.

Stewart, Calculus, section 3.2; for x·Ax and other products of vectors, The Matrix Cookbook, section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autodiff.graph.node import Node
from autodiff.homework.mistakes.walk import Slip, Walk, behind, minus, text

HINT = "look at the product rule again: both factors depend on the variable"
PRODUCTS = frozenset(("mul", "dot", "vdot", "mm", "mv", "bmm", "outer", "matmul"))


def products(walk: Walk) -> Iterator[Slip]:
    """At each product whose factors both have the variable in them, the product rule applied wrongly."""
    for node in walk.pieces:
        if node.op.name not in PRODUCTS or not all(walk.depends(x) for x in node.inputs):
            continue
        here = text(node)
        for i in (0, 1):
            factor = text(node.inputs[1 - i])
            says = (
                f"this is one term of the product rule for {here}: the one with the derivative of {factor} is missing"
            )
            yield walk.slip("product", f"term {i}", node, walk.alone, says, HINT, given=(node, i))
        yield from _derivatives(walk, node)
        if node.op.name == "mul":
            yield from _mixed(walk, node)


def differences(walk: Walk) -> Iterator[Slip]:
    """At each product, the two terms of the product rule subtracted."""
    for node in walk.pieces:
        if node.op.name not in PRODUCTS or not all(walk.depends(x) for x in node.inputs):
            continue
        says = f"the two terms of the product rule for {text(node)} are subtracted, and should be added"
        for i in (1, 0):
            yield walk.slip("product", f"minus {i}", node, walk.changed, says, HINT, given=(node, i, minus))


def _derivatives(walk: Walk, node: Node) -> Iterator[Slip]:
    """u'v', and u'v'w' and u' + v' + w' of several factors."""
    g = walk.cotangent(node)
    if g is None or g.shape not in (walk.leaf.shape, ()):
        return
    factors = list(_factors(walk, node))
    for several in {2: [behind(x) for x in node.inputs], len(factors): factors}.values():
        slopes = [slope for slope in map(walk.slope, several) if slope is not None]
        if len(slopes) < len(several):
            continue
        says = f"the derivatives of the factors of {text(node)} are multiplied, and the product rule adds terms"
        yield walk.whole("product", f"{len(slopes)} multiplied", node, _all, says, HINT, (walk, node, g, slopes, True))
        if len(slopes) > 2:
            says = f"the derivatives of the factors of {text(node)} are added without the other factors"
            yield walk.whole("product", f"{len(slopes)} added", node, _all, says, HINT, (walk, node, g, slopes, False))


def _factors(walk: Walk, node: Node) -> Iterator[Node]:
    """The factors of a product of products."""
    stack = [node]
    while stack:
        part = behind(stack.pop())
        if part.op.name == "mul" and all(map(walk.depends, part.inputs)):
            stack.extend(reversed(part.inputs))
        else:
            yield part


def _all(walk: Walk, node: Node, g: Node, slopes: Sequence[Node], multiplied: bool) -> Node:
    found = slopes[0]
    for slope in slopes[1:]:
        found = found * slope if multiplied else found + slope
    return walk.instead_of(node, g * found)


def _mixed(walk: Walk, node: Node) -> Iterator[Slip]:
    x, y = node.inputs
    here = text(node)
    says = f"in the product rule for {here} each derivative is multiplied by its own factor"
    yield walk.slip("product", "own", node, lambda g: [g * x, g * y], says, HINT)
    says = f"the derivatives of the factors of {here} are added without the other factor"
    yield walk.slip("product", "u'+v'", node, lambda g: [g * 1, g * 1], says, HINT)
