"""Rewrites of a graph before it is scheduled; NaN, infinities and signed zeros come out as they would have.

A large operation that takes several passes over memory (`sigmoid`) is replaced by the finer ones it consists of, which
tile loops can fuse with what stands around them.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff.execute.tiles import is_large
from autodiff.graph.node import Node, placed


def decompose(outputs: Sequence[Node], nodes: Sequence[Node]) -> Sequence[Node]:
    """The outputs with large operations taken apart, the very same if there are none.

    `nodes` are their ancestors in topological order.
    """
    if not any(node.op.decompose is not None and is_large(node.inputs[0]) for node in nodes):
        return outputs
    replaced: dict[Node, Node] = {}
    for node in nodes:
        inputs = tuple([replaced.get(operand, operand) for operand in node.inputs])
        finer = None
        if node.op.decompose is not None and is_large(node.inputs[0]):
            with placed(node.span):
                finer = node.op.decompose(*node.op.arrange(inputs, node.params))
        if finer is not None:
            replaced[node] = finer
        elif inputs != node.inputs:
            replaced[node] = _with_inputs(node, inputs)
    return [replaced.get(node, node) for node in outputs]


def _with_inputs(node: Node, inputs: tuple[Node, ...]) -> Node:
    with placed(node.span):
        return Node(node.op, inputs, node.params, node.shape, node.dtype, node.requires_grad, node.weak, node.results)
