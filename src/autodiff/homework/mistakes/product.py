"""The product rule: (uv)' = u'v + uv', with a term lost, subtracted, or the derivatives multiplied.

Stewart, Calculus, section 3.2; for x·Ax and other products of vectors, The Matrix Cookbook, section 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    """u'v' and u' + v'."""
    u, v = (walk.elementwise(behind(x)) for x in node.inputs)
    g = walk.cotangent(node)
    if u is None or v is None or g is None or g.shape != walk.leaf.shape:
        return
    says = f"the derivatives of the factors of {text(node)} are multiplied, and the product rule adds two terms"
    yield walk.whole("product", "u'v'", node, lambda: walk.instead_of(node, g * u * v), says, HINT)


def _mixed(walk: Walk, node: Node) -> Iterator[Slip]:
    x, y = node.inputs
    here = text(node)
    says = f"in the product rule for {here} each derivative is multiplied by its own factor"
    yield walk.slip("product", "own", node, lambda g: [g * x, g * y], says, HINT)
    says = f"the derivatives of the factors of {here} are added without the other factor"
    yield walk.slip("product", "u'+v'", node, lambda g: [g * 1, g * 1], says, HINT)
