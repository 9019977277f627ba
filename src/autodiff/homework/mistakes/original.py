"""Something that was not differentiated: the expression itself, a term, or a constant that should be gone."""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.graph.node import Node
from autodiff.homework.mistakes.walk import Slip, Walk, behind, itself, text

HINT = "is everything differentiated?"
WHOLE = "this is the expression itself, not its gradient"


def originals(walk: Walk) -> Iterator[Slip]:
    """The expression or a part of it in place of its derivative."""
    for node in walk.pieces:
        if node.op.name in ("add", "sub", "rsub"):
            yield from _constants(walk, node)
    yield walk.whole("original", "value", walk.output, lambda: walk.output, WHOLE, HINT)
    for node in walk.pieces:
        if node is not walk.output:
            g = walk.cotangent(node)
            if g is not None and g.shape == walk.leaf.shape == node.shape:
                says = f"{text(node)} stands in the answer undifferentiated"
                yield walk.whole("original", "term", node, walk.instead_of, says, HINT, (node, g * node))
    inner = walk.output
    while len(inner.inputs) == 1 and inner.op.name in ("sum", "mean", "broadcast", "convert"):
        inner = inner.inputs[0]
        if inner.shape == walk.leaf.shape and inner is not walk.leaf:
            yield walk.whole("original", f"inside {inner.op.name}", inner, itself, WHOLE, HINT, (inner,))


def _plus(walk: Walk, part: Node) -> Node:
    return walk.right + part


def _constants(walk: Walk, node: Node) -> Iterator[Slip]:
    """c in u + c kept, or differentiated to 1."""
    g = walk.cotangent(node)
    for i, x in enumerate(node.inputs):
        if walk.depends(x) or g is None or g.shape not in (walk.leaf.shape, ()):
            continue
        constant = text(behind(x)) if behind(x).op.name != "constant" else str(behind(x).params[0])
        sign = -1 if node.op.name == "sub" and i == 1 else 1
        says = f"the constant {constant} is kept, and its derivative is 0"
        yield walk.whole("original", f"kept {i}", node, _plus, says, HINT, (walk, g * x * sign))
        says = f"the constant {constant} is differentiated to 1, and its derivative is 0"
        yield walk.whole("original", f"one {i}", node, _plus, says, HINT, (walk, g * sign))
    if node.op.name == "rsub" and g is not None and g.shape == walk.leaf.shape:
        constant = node.params[0]
        says = f"the constant {constant} is kept, and its derivative is 0"
        yield walk.whole("original", "kept", node, _plus, says, HINT, (walk, g * constant))
