"""Something that was not differentiated: the expression itself, a term, or a constant that should be gone."""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.graph.node import Node
from autodiff.homework.mistakes.walk import Slip, Walk, behind, text

HINT = "is everything differentiated?"


def originals(walk: Walk) -> Iterator[Slip]:
    """The expression or a part of it in place of its derivative."""
    for node in walk.pieces:
        if node.op.name in ("add", "sub", "rsub"):
            yield from _constants(walk, node)
    for node in walk.pieces:
        if node is not walk.output:
            g = walk.cotangent(node)
            if g is not None and g.shape == walk.leaf.shape == node.shape:
                says = f"{text(node)} stands in the answer undifferentiated"
                gradient = lambda node=node, g=g: walk.instead_of(node, g * node)  # noqa: E731
                yield walk.whole("original", "term", node, gradient, says, HINT)
    says = "this is the expression itself, not its gradient"
    yield walk.whole("original", "value", walk.output, lambda: walk.output, says, HINT)
    inner = walk.output
    while len(inner.inputs) == 1 and inner.op.name in ("sum", "mean", "broadcast", "convert"):
        inner = inner.inputs[0]
        if inner.shape == walk.leaf.shape and inner is not walk.leaf:
            yield walk.whole("original", f"inside {inner.op.name}", inner, lambda inner=inner: inner, says, HINT)


def _constants(walk: Walk, node: Node) -> Iterator[Slip]:
    """c in u + c kept, or differentiated to 1."""
    g = walk.cotangent(node)
    for i, x in enumerate(node.inputs):
        if walk.depends(x) or g is None or g.shape != walk.leaf.shape:
            continue
        constant = text(behind(x)) if behind(x).op.name != "constant" else str(behind(x).params[0])
        sign = -1 if node.op.name == "sub" and i == 1 else 1
        says = f"the constant {constant} is kept, and its derivative is 0"
        yield walk.whole("original", f"kept {i}", node, lambda x=x, s=sign: walk.right + g * x * s, says, HINT)
        says = f"the constant {constant} is differentiated to 1, and its derivative is 0"
        yield walk.whole("original", f"one {i}", node, lambda s=sign: walk.right + g * s, says, HINT)
    if node.op.name == "rsub" and g is not None and g.shape == walk.leaf.shape:
        constant = node.params[0]
        says = f"the constant {constant} is kept, and its derivative is 0"
        yield walk.whole("original", "kept", node, lambda: walk.right + g * constant, says, HINT)
