"""Reverse mode, graph to graph.

`gradients` walks the nodes between the outputs and the wanted nodes once, from the newest to the oldest, and asks each
operation's rules for the cotangents of its operands.  Rules build nodes, so what comes back can be executed, printed,
drawn or differentiated again.  Nothing recurses: depth is bounded by memory alone.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node, Results, ancestors, placed
from autodiff.graph.op import ops
from autodiff.graph.primitive import PICK, none, pick, zero
from autodiff.graph.sizes import numel, show, size_text


def initial_cotangent(output: Node, gradient: Node | None) -> Node:
    """The cotangent that backward starts from; raises PyTorch's errors for a result that has none."""
    if not output.requires_grad:
        raise AutodiffError(
            "no-grad-path",
            "element 0 of tensors does not require grad and does not have a grad_fn",
            says="no variable that wants a gradient leads here through differentiable operations",
            help="gradients stop at detach(), comparisons, integer tensors and constants",
        )
    if gradient is None:
        if numel(output.shape) != 1:
            raise _non_scalar(output)
        return ops.ones_like(output)  # type: ignore[no-any-return]
    if gradient.shape != output.shape:
        raise AutodiffError(
            "gradient-shape",
            f"Mismatch in shape: grad_output[0] has a shape of {size_text(gradient.shape)} and output[0] has a shape of"
            f" {size_text(output.shape)}.",
            says=f"this has shape {show(output.shape)}",
            help=f"the gradient weighs the elements of the result one by one: give it the shape {show(output.shape)}",
        )
    return gradient


def _non_scalar(output: Node) -> AutodiffError:
    return AutodiffError(
        "non-scalar-output",
        "grad can be implicitly created only for scalar outputs",
        says=f"this has shape {show(output.shape)}",
    )


def gradients(outputs: Sequence[Node], cotangents: Sequence[Node], wanted: Sequence[Node]) -> list[Node | None]:
    """The sum over outputs of cotangent · ∂output/∂node, for each wanted node; None where no path leads to it."""
    useful = leading_to(outputs, wanted)
    received: dict[Node, Any] = {}
    for output, cotangent in zip(outputs, cotangents, strict=True):
        _receive(received, output, cotangent)
    for node in reversed(useful):
        g = received.get(node)
        if g is not None and node.inputs:
            with placed(node.span):
                try:
                    pull_back(node, g, received, useful)
                except AutodiffError as error:
                    error.span = error.span or node.span
                    raise
    return [received.get(node) for node in wanted]


def leading_to(outputs: Sequence[Node], wanted: Sequence[Node]) -> dict[Node, None]:
    """Ancestors of the outputs through which a wanted node is reached, oldest first."""
    targets = set(wanted)
    useful: dict[Node, None] = {}
    for node in ancestors(outputs, lambda node: node.requires_grad):
        if node in targets or any(operand in useful for operand in node.inputs):
            useful[node] = None
    return useful


def pull_back(node: Node, g: Any, received: dict[Node, Any], useful: Container[Node]) -> None:
    """Add to `received` what the node's rules make of its cotangent `g`, for those of its operands that are useful."""
    op = node.op
    if op is PICK:
        parent = node.inputs[0]
        assert parent.results is not None
        gaps = received.setdefault(parent, [None] * len(parent.results))
        place = node.params[0]
        gaps[place] = g if gaps[place] is None else gaps[place] + g
        return
    out: Any = node
    if node.results is not None:
        out = Results.of(op.name, op.fields, [pick(node, i) for i in range(len(node.results))])
    args = node.args
    if op.vjp_all is not None:
        pulled = op.vjp_all(g, out, *args)
        assert len(pulled) == len(node.inputs), f"{op.name}: {len(pulled)} cotangents for {len(node.inputs)} operands"
        for operand, cotangent in zip(node.inputs, pulled, strict=True):
            if cotangent is not None and operand in useful:
                _receive(received, operand, cotangent)
        return
    rules = op.vjp
    assert rules is not None, f"{op.name} has no rules"
    assert len(rules) >= len(node.inputs), f"{op.name} has no rule for each operand"
    for operand, rule in zip(node.inputs, rules, strict=False):
        if rule is none or operand not in useful:
            continue
        cotangent = ops.zeros_like(operand) if rule is zero else rule(g, out, *args)
        if cotangent is not None:
            _receive(received, operand, cotangent)


def _receive(received: dict[Node, Any], node: Node, cotangent: Node) -> None:
    assert cotangent.shape == node.shape, f"{node.op.name}: cotangent {cotangent.shape} for operand {node.shape}"
    earlier = received.get(node)
    received[node] = cotangent if earlier is None else earlier + cotangent
