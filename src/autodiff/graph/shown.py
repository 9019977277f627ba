"""What people and views see of a node: PyTorch's name for it, its edges, and how it lies in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONVERT, VARIABLE, none
from autodiff.graph.sizes import Shape, Size, contiguous_strides
from autodiff.graph.strides import elementwise_strides, packed


def grad_fn(node: Node) -> str | None:
    """PyTorch's name for the node that made this one, None for leaves and constants."""
    if not node.requires_grad:
        return None
    node = visible(node)
    if node.op is VARIABLE:
        return None
    name = node.op.grad_fn
    return name if isinstance(name, str) else name(*node.args)


def visible(node: Node) -> Node:
    """The node that people see: hidden ones stand for their input."""
    while node.op.hidden and node.inputs:
        node = node.inputs[0]
    return node


def edges(node: Node) -> list[Node | None]:
    """The operands that gradients flow to, as `next_functions` shows them: None for one that wants no gradient."""
    rules = node.op.vjp
    if node.op.edges is not None:
        shown = node.op.edges(*node.args)
        return [visible(operand) if operand is not None and operand.requires_grad else None for operand in shown]
    if rules is None or len(rules) != len(node.inputs):
        operands: Iterable[Node] = node.inputs
    else:
        operands = [operand for operand, rule in zip(node.inputs, rules, strict=True) if rule is not none]
    return [visible(operand) if operand.requires_grad else None for operand in operands]


def strides(node: Node) -> Shape:
    """How PyTorch would lay the tensor out, in elements; only views and reshapes ask."""
    stack = [node]
    while stack:
        top = stack[-1]
        if top._strides is not None:
            stack.pop()
            continue
        waiting = [i for i in top.inputs if i._strides is None] if top.op.layout != "contiguous" else []
        if waiting:
            stack.extend(waiting)
            continue
        top._strides = _layout(top)
        stack.pop()
    assert node._strides is not None
    return node._strides


def _layout(node: Node) -> Shape:
    layout = node.op.layout
    if layout == "contiguous":
        return contiguous_strides(node.shape)
    if layout == "like":
        return _elementwise_layout(node)
    assert callable(layout)
    return layout(node)


def _elementwise_layout(node: Node) -> Shape:
    """Elementwise results keep the order of dims of their operands; others that are like the first, its order."""
    if node.op is BROADCAST:
        (x,) = node.inputs
        own = strides(x)
        pad = len(node.shape) - len(x.shape)
        kept = zip(x.shape, own, node.shape[pad:], strict=True)
        return (0,) * pad + tuple(0 if size == 1 != wide else stride for size, stride, wide in kept)
    operands = [_unhidden(i) for i in node.inputs if not i.weak]
    if node.op.name == "rsub_tensor":  # a subtraction the other way round
        operands.reverse()
    if any(isinstance(step, Size) for _, own in operands for step in own):
        return _symbolic_layout(node)
    if not isinstance(node.op, Elementwise) and operands and operands[0][0] == node.shape:
        return packed(*operands[0])
    return elementwise_strides(node.shape, operands)


def _unhidden(node: Node) -> tuple[Shape, Shape]:
    """Shape and strides of an operand before it was broadcast; what was converted was copied without gaps."""
    if node.op is CONVERT:
        shape, own = _unhidden(node.inputs[0])
        return shape, packed(shape, own)
    return _unhidden(node.inputs[0]) if node.op is BROADCAST else (node.shape, strides(node))


def _symbolic_layout(node: Node) -> Shape:
    for operand in node.inputs:
        own = strides(operand)
        if operand.weak or operand.shape != node.shape or any(s == 0 for s in own):
            continue
        if own == contiguous_strides(node.shape):
            break
        order = sorted(range(len(own)), key=lambda i: _comparable(own[i]), reverse=True)
        steps = contiguous_strides(tuple(node.shape[i] for i in order))
        result: list[Any] = [0] * len(own)
        for place, i in enumerate(order):
            result[i] = steps[place]
        return tuple(result)
    return contiguous_strides(node.shape)


def _comparable(stride: Any) -> int:
    return stride if isinstance(stride, int) else 1 << 20 * max(len(names) for names, _ in stride.terms)
