"""A transpose missing, or one too many.

For Y = A X the cotangents are dA = dY Xᵀ and dX = Aᵀ dY; what is left out is the transpose (The Matrix Cookbook,
section 2.4; for the determinant, section 2.1: ∂det(X) = det(X) X⁻ᵀ).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, behind, is_elementwise, text

INVERSES = ("inv", "inverse", "linalg_inv", "linalg.inv")


def transposes(walk: Walk) -> Iterator[Slip]:
    """At each matrix operation, a matrix that is not transposed where it should be."""
    hint = "check the transposes: the gradient has the shape of the variable"
    for node in walk.pieces:
        here = text(node)
        for i, rule in enumerate(_products(node)):
            if rule is not None and walk.depends(node.inputs[i]):
                other = text(node.inputs[1 - i])
                says = f"{other} is not transposed in the derivative of {here}"
                yield walk.slip("transpose", f"product {i}", node, _one(walk, node, i, rule), says, hint)
        if is_elementwise(node) or not node.inputs:
            continue
        for i, operand in enumerate(node.inputs):
            if walk.depends(operand) and len(operand.shape) == 2:
                says = f"the derivative of {here} is transposed in the answer"
                yield walk.slip("transpose", f"result {i}", node, _turned(walk, node, i), says, hint)
    for node in walk.pieces:
        if node.op.name in INVERSES:
            says = f"inv is not transposed in the derivative of {text(node)}"
            yield walk.slip("transpose", "inverses", node, _inverses, says, hint, given=(node,))
    if len(walk.leaf.shape) == 2:
        says = "the answer is the transpose of the gradient"
        yield walk.whole("transpose", "whole", _consumer(walk), lambda: ops.t(walk.right), says, hint)


def _consumer(walk: Walk) -> Node:
    """The product of matrices that the variable stands in, if it is in one alone; else the whole expression."""
    found = [node for node in walk.useful if any(behind(x) in (walk.leaf, *_turns(walk)) for x in node.inputs)]
    found = [node for node in found if node not in _turns(walk)]
    return found[0] if len(found) == 1 and found[0].op.name in ("mm", "mv") else walk.output


def _turns(walk: Walk) -> list[Node]:
    return [node for node in walk.useful if node.op.name == "t" and node.inputs[0] is walk.leaf]


def swapped(walk: Walk) -> Iterator[Slip]:
    """At each product of matrices, what it hands back in the other order."""
    for node in walk.pieces:
        if node.op.name != "mm":
            continue
        orders: list[tuple[int, Callable[[Node, Node, Node], Node]]] = [
            (0, lambda g, x, y: ops.mm(ops.t(y), g)), (1, lambda g, x, y: ops.mm(g, ops.t(x))),
            (0, lambda g, x, y: ops.mm(y, g)), (1, lambda g, x, y: ops.mm(g, x)),
        ]  # fmt: skip
        for number, (i, order) in enumerate(orders):
            if walk.depends(node.inputs[i]):
                says = f"the matrices in the derivative of {text(node)} are in the wrong order"
                hint = "check the order of the matrices, and their transposes"
                yield walk.slip(
                    "transpose", f"order {number}", node, _ordered, says, hint, None, (walk, node, i, order)
                )


def _ordered(g: Node, walk: Walk, node: Node, i: int, order: Callable[[Node, Node, Node], Node]) -> list[Node | None]:
    parts = walk.cotangents(node, g)
    parts[i] = order(g, *node.inputs)
    return parts


def _inverses(g: Node, node: Node) -> list[Node | None]:
    return [-ops.mm(node, ops.mm(g, node))]


def _products(node: Node) -> list[Rule | None]:
    """For each operand of a product, its cotangent without the transpose."""
    name, inputs = node.op.name, node.inputs
    if name == "mm":
        return [lambda g: [ops.mm(g, inputs[1])], lambda g: [ops.mm(inputs[0], g)]]
    if name == "bmm":
        return [lambda g: [ops.bmm(g, inputs[1])], lambda g: [ops.bmm(inputs[0], g)]]
    if name == "mv":
        return [None, lambda g: [ops.mv(inputs[0], g)]]
    return []


def _one(walk: Walk, node: Node, chosen: int, rule: Rule) -> Rule:
    """The node's own rules but for one operand."""

    def changed(g: Node) -> list[Node | None]:
        parts = walk.cotangents(node, g)
        parts[chosen] = rule(g)[0]
        return parts

    return changed


def _turned(walk: Walk, node: Node, chosen: int) -> Rule:
    def changed(g: Node) -> list[Node | None]:
        parts = walk.cotangents(node, g)
        part = parts[chosen]
        parts[chosen] = None if part is None else ops.t(part)
        return parts

    return changed
