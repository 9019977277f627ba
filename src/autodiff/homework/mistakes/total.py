"""Differentiated by another variable, or by another variable as well, or twice.

∂f/∂x is not ∂f/∂y, nor their sum, nor ∂²f/∂x².
"""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.backward import gradients
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Slip, Walk


def totals(walk: Walk) -> Iterator[Slip]:
    """The derivatives by each other variable, alone and added, and by all together."""
    setting = walk.setting
    others = {name: node for name, node in setting.variables.items() if node is not walk.leaf and node.requires_grad}
    hint = f"which variable is the gradient for? here it is {setting.wrt}"
    for name, node in others.items():
        says = f"this is the gradient for {name}, and {setting.wrt} was asked for"
        yield walk.whole("total", f"by {name}", walk.output, setting.differentiated, says, hint, (node,))
    fitting = {name: node for name, node in others.items() if node.shape == walk.leaf.shape}
    for name, node in fitting.items():
        says = f"this is differentiated by {name} as well, which is a constant here"
        yield walk.whole("total", f"and {name}", walk.output, _sum, says, hint, (walk, [node]))
    if len(fitting) > 1:
        names = ", ".join([setting.wrt, *fitting])
        says = f"this is differentiated by all of {names}, and only {setting.wrt} was asked for"
        yield walk.whole("total", "all", walk.output, lambda: _sum(walk, list(fitting.values())), says, hint)


def second(walk: Walk) -> Iterator[Slip]:
    """The second derivative, where everything goes element by element; the mixed ones as well."""
    right = walk.right
    if right.requires_grad and (walk.output.shape == walk.leaf.shape or not walk.leaf.shape):
        says = "this is the second derivative: the gradient is differentiated once more"
        hint = "how many times is the expression differentiated?"
        yield walk.whole("total", "twice", walk.output, _again, says, hint, (walk,))
    for name, node in walk.setting.variables.items():
        if node is not walk.leaf and node.requires_grad and node.shape == walk.leaf.shape:
            says = f"this is the derivative by {name} of the right answer: {name} is a constant here"
            hint = f"which variable is the gradient for? here it is {walk.setting.wrt}"
            yield walk.whole("total", f"mixed {name}", walk.output, _mixed, says, hint, (walk, node))


def _again(walk: Walk) -> Node:
    found = gradients([walk.right], [ops.ones_like(walk.right)], [walk.leaf])[0]
    return ops.zeros_like(walk.leaf) if found is None else found


def _mixed(walk: Walk, other: Node) -> Node:
    found = gradients([walk.right], [ops.ones_like(walk.right)], [other])[0] if walk.right.requires_grad else None
    return ops.zeros_like(walk.leaf) if found is None else found


def _sum(walk: Walk, others: list[Node]) -> Node:
    found = walk.right
    for node in others:
        found = found + walk.setting.differentiated(node)
    return found
