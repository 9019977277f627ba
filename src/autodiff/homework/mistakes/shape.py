"""A gradient of the wrong shape: summed where it should not be, or not summed where it should.

The gradient has the variable's shape.  A variable that is broadcast, or that stands in a product, gets the sum over
what it was used for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import BROADCAST
from autodiff.homework.mistakes.walk import Slip, Walk, behind, itself, text

HINT = "the gradient has the shape of the variable: where is summed, and where not?"


def shapes(walk: Walk) -> Iterator[Slip]:
    """The right numbers in another shape."""
    yield from _not_summed(walk)
    right = walk.right
    rank = len(right.shape)
    if rank:
        yield _whole(walk, "sum", lambda: ops.sum(right), "the answer is the sum of the gradient's elements")
        yield _whole(walk, "mean", lambda: ops.mean(right), "the answer is the mean of the gradient's elements")
        yield _whole(walk, "flat", lambda: ops.reshape(right, (-1,)), "the answer has the gradient's elements in a row")
    if rank == 1:
        yield _whole(
            walk, "column", lambda: ops.unsqueeze(right, 1), "the answer is a column, and the gradient a vector"
        )
        yield _whole(walk, "row", lambda: ops.unsqueeze(right, 0), "the answer is a row, and the gradient a vector")
        yield _whole(walk, "diagonal", lambda: ops.diag(right), "the gradient stands on the diagonal of a matrix")
    for dim in range(rank if rank > 1 else 0):
        says = f"the answer is summed over dim {dim}, and the gradient is not"
        yield _whole(walk, f"sum {dim}", lambda dim: ops.sum(right, dim), says, dim)
        says = f"the answer is one of the equal parts of the gradient along dim {dim}"
        yield _whole(walk, f"first {dim}", lambda dim: ops.select(right, dim, 0), says, dim)


def _whole(walk: Walk, label: str, gradient: Callable[..., Node], says: str, *given: int) -> Slip:
    return walk.whole("shape", label, walk.output, gradient, says, HINT, given)


def _not_summed(walk: Walk) -> Iterator[Slip]:
    for node in reversed(walk.useful):
        g = walk.cotangent(node)
        if g is None:
            continue
        if node.op is BROADCAST and behind(node) is walk.leaf:
            whole = walk.setting.shown(node.shape)
            says = f"{text(node)} is used for all of shape {whole}, and its gradient is not summed"
            yield walk.whole("shape", "broadcast", node, itself, says, HINT, (g,))
            if len(node.shape) == 2 and len(walk.leaf.shape) == 1:
                says = f"{text(node)} is used for all of shape {whole}, and its gradient is summed over the wrong dim"
                yield walk.whole("shape", "wrong dim", node, ops.sum, says, HINT, (g, 1))
        if node.op.name == "mv" and node.inputs[1] is walk.leaf:
            x = node.inputs[0]
            says = f"the gradient through {text(node)} is not summed over the rows"
            yield walk.whole("shape", "mv", node, lambda g, x: ops.unsqueeze(g, 1) * x, says, HINT, (g, x))
        if node.op.name == "mv" and walk.leaf in (node.inputs[0], *node.inputs[0].inputs):
            yield from _factors(walk, node, g)
    yield from _stopped(walk)


def _factors(walk: Walk, node: Node, g: Node) -> Iterator[Slip]:
    """For a matrix, one of the vectors in place of their outer product, or another product of them."""
    y = node.inputs[1]
    says = f"the gradient for a matrix in {text(node)} is an outer product, and this is one of its factors"
    yield walk.whole("shape", "mv g", node, itself, says, HINT, (g,))
    yield walk.whole("shape", "mv y", node, itself, says, HINT, (y,))
    says = f"the gradient for a matrix in {text(node)} is an outer product, and this is the inner product"
    yield walk.whole("shape", "inner", node, ops.dot, says, HINT, (g, y))
    says = f"the gradient for a matrix in {text(node)} is an outer product, and this goes element by element"
    yield walk.whole("elementwise", "outer", node, ops.mul, says, HINT, (g, y))


def _stopped(walk: Walk) -> Iterator[Slip]:
    for node in reversed(walk.useful):
        g = walk.cotangent(node)
        if g is None or node is walk.output or node is walk.leaf:
            continue
        if node.shape and node.shape != walk.leaf.shape and node.op is not BROADCAST:
            says = f"this is the derivative for {text(node)}, and does not go on to {walk.setting.wrt}"
            yield walk.whole("chain", "stopped", behind(node), itself, says, HINT, (g,))
