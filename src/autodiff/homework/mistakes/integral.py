"""The antiderivative in place of the derivative: the answer's own derivative is the expression."""

from __future__ import annotations

from autodiff.backward import gradients
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.setting import Setting

SAYS = "this is an antiderivative: differentiating it gives the expression back"
HINT = "this goes the other way: was the expression integrated?"


def derivative_of(answer: Node, setting: Setting) -> tuple[Node, Node] | None:
    """The answer's own derivative and the function it is to be compared with, where both go element by element."""
    inner = setting.output
    while inner.shape != setting.leaf.shape and len(inner.inputs) == 1 and inner.op.name in ("sum", "mean"):
        inner = inner.inputs[0]
    if answer.shape != setting.leaf.shape or inner.shape != answer.shape or not answer.requires_grad:
        return None
    found = gradients([answer], [ops.ones_like(answer)], [setting.leaf])[0]
    return None if found is None else (found, inner)
