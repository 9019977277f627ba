"""`*` where `@` belongs, and the other way round: an elementwise product taken for a matrix product."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autodiff.graph.node import Node, ancestors
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Slip, Walk, text

HINT = "which products are of elements (*), and which of matrices (@)?"
CHAIN_HINT = "look at the chain rule again: something is inside of something"


def elementwise_products(walk: Walk) -> Iterator[Slip]:
    """At each product, the other kind of product on the way back; at functions of matrices, those of elements."""
    yield from _determinants(walk)
    for node in walk.pieces:
        here = text(node)
        g = walk.cotangent(node)
        if node.op.name in ("dot", "mv") and g is not None and walk.leaf in node.inputs:
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
        power = f"{here} is the inverse of a matrix, and is differentiated as if it were 1/x of a number"
        return [
            ("inverse", lambda g, node: [-g / node.inputs[0] ** 2], says),
            ("power", lambda g, node: [-ops.mm(node, node)], power),
        ]
    if name == "trace":
        says = f"{here} adds up the diagonal alone, and this has a gradient for all elements"
        return [("trace", lambda g, node: [g * ops.ones_like(node.inputs[0])], says)]
    return []


def _determinants(walk: Walk) -> Iterator[Slip]:
    """log(det(X)) as if it were the logarithm of the elements, and with one of the two functions alone."""
    for node in walk.pieces:
        x = next((x.inputs[0] for x in ancestors([node]) if x.op.name == "linalg.slogdet"), None)
        g = walk.cotangent(node)
        if x is None or g is None or node.span is None or not node.span.text.startswith("logdet("):
            continue
        here = text(node)
        transposed = f"inv is not transposed in the derivative of {here}"
        inverse = f"the gradient of {here} is an inverse of the matrix, and this has 1/x of its elements"
        chain = f"{here} is log(det(…)), and the"
        inv = ops.linalg_inv(x)
        found: list[tuple[str, str, Node, str, str]] = [
            ("transpose", "logdet", g * inv, transposed, "check the transposes"),
            ("elementwise", "logdet", g / x, inverse, HINT),
            ("chain", "no log", g * _det(x) * ops.t(inv), f"{chain} logarithm is not differentiated", CHAIN_HINT),
            (
                "chain",
                "no det",
                g / _det(x) * ops.ones_like(x),
                f"{chain} determinant is not differentiated",
                CHAIN_HINT,
            ),
        ]
        for kind, label, part, says, hint in found:
            yield walk.whole(kind, label, node, walk.handed_on, says, hint, (node, x, part))


def _det(x: Node) -> Node:
    return ops.linalg_det(x)  # type: ignore[no-any-return]


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
