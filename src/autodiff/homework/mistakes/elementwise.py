"""`*` where `@` belongs, and the other way round: an elementwise product taken for a matrix product."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autodiff.graph.node import Node, ancestors
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Slip, Walk, text

HINT = "which products are of elements (*), and which of matrices (@)?"


def elementwise_products(walk: Walk) -> Iterator[Slip]:
    """At each product, the other kind of product on the way back; at functions of matrices, those of elements."""
    yield from _determinants(walk)
    for node in walk.pieces:
        here = text(node)
        g = walk.cotangent(node)
        if node.op.name in ("dot", "mv") and g is not None:
            x, y = node.inputs
            says = f"the products of {here} are taken element by element, and not differentiated"
            yield walk.whole("elementwise", "products", node, lambda x, y: x * y, says, HINT, (x, y))
        if node.op.name == "mv" and node.inputs[1] is walk.leaf and g is not None:
            x = node.inputs[0]
            says = f"in the derivative of {here}, * stands where @ belongs"
            yield walk.whole("elementwise", "x.T*g", node, lambda x, g: ops.t(x) * g, says, HINT, (x, g))
            yield walk.whole("elementwise", "x*g", node, lambda x, g: x * g, says, HINT, (x, g))
        for label, rule, says in _of_elements(node):
            yield walk.slip("elementwise", label, node, rule, says, HINT, given=(node,))
        for label, chosen, wrong in _others(node):
            if walk.depends(node.inputs[chosen]):
                wrong_one, right_one = ("@", "*") if node.op.name == "mul" else ("*", "@")
                says = f"in the derivative of {here}, {wrong_one} stands where {right_one} belongs"
                yield walk.slip("elementwise", label, node, _exchanged, says, HINT, given=(walk, node, chosen, wrong))


def _of_elements(node: Node) -> list[tuple[str, Callable[..., list[Node | None]], str]]:
    """Functions of matrices differentiated as if they were functions of numbers."""
    name, here = node.op.name, text(node)
    if name in ("inv", "linalg.inv"):
        says = f"{here} is the inverse of a matrix, and this has 1/x of its elements"
        return [("inverse", lambda g, node: [-g / node.inputs[0] ** 2], says)]
    if name == "trace":
        says = f"{here} adds up the diagonal alone, and this has a gradient for all elements"
        return [("trace", lambda g, node: [g * ops.ones_like(node.inputs[0])], says)]
    return []


def _determinants(walk: Walk) -> Iterator[Slip]:
    """log(det(X)) as if it were the logarithm of the elements."""
    for node in walk.pieces:
        x = next((x.inputs[0] for x in ancestors([node]) if x.op.name == "linalg.slogdet"), None)
        g = walk.cotangent(node)
        if node.span is not None and node.span.text.startswith("logdet") and x is walk.leaf and g is not None:
            says = f"the gradient of {text(node)} is an inverse of the matrix, and this has 1/x of its elements"
            yield walk.whole("elementwise", "logdet", node, lambda g, x: g / x, says, HINT, (g, x))


def _exchanged(g: Node, walk: Walk, node: Node, chosen: int, wrong: Callable[[Node], Node]) -> list[Node | None]:
    return [wrong(g) if i == chosen else part for i, part in enumerate(walk.cotangents(node, g))]


def _others(node: Node) -> list[tuple[str, int, Callable[[Node], Node]]]:
    name, inputs = node.op.name, node.inputs
    if len(inputs) != 2:
        return []
    x, y = inputs
    if name == "mm":
        return [
            ("g*y", 0, lambda g: g * y), ("g*y.T", 0, lambda g: g * ops.t(y)),
            ("x*g", 1, lambda g: x * g), ("x.T*g", 1, lambda g: ops.t(x) * g),
        ]  # fmt: skip
    if name == "mv":
        return [
            ("g*y", 0, lambda g: ops.unsqueeze(g * y, 0) * ops.ones_like(x)),
            ("x*g", 1, lambda g: ops.sum(x * g, 1)), ("x.T*g", 1, lambda g: ops.sum(ops.t(x) * g, 1)),
        ]  # fmt: skip
    if name == "mul" and len(node.shape) == 2:
        return [
            ("g@y", 0, lambda g: g @ y), ("g@y.T", 0, lambda g: g @ ops.t(y)),
            ("x@g", 1, lambda g: x @ g), ("x.T@g", 1, lambda g: ops.t(x) @ g),
            ("y@g", 0, lambda g: y @ g), ("y.T@g", 0, lambda g: ops.t(y) @ g),
            ("g@x", 1, lambda g: g @ x), ("g@x.T", 1, lambda g: g @ ops.t(x)),
        ]  # fmt: skip
    return []
