"""What stands inside of a function copied wrongly: a constant that is lost or has another sign there.

In f'(u(x)) u'(x) the whole u(x) stands inside of f'; the derivative of `(X @ w + b - y)^2` has the residual with its b
and with its minus (Stewart, Calculus, section 3.4).
"""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.chain import around, at_another
from autodiff.homework.mistakes.walk import Slip, Walk, behind, is_elementwise, text

HINT = "compare what stands inside of the functions with the expression, term by term"
Changed = tuple[str, str, Node, str]


def copies(walk: Walk) -> Iterator[Slip]:
    """At each sum or product with a constant inside of something, the constant changed in the values alone."""
    for node in walk.pieces:
        if node is walk.output or sum(map(walk.depends, node.inputs)) != 1 or not walk.is_inner(node):
            continue
        for kind, label, place, says in _changed(walk, node):
            if place.shape == node.shape:
                yield walk.whole(kind, label, node, _taken_at, says, HINT, (walk, node, place))
                for number, outer in enumerate(_functions_of(walk, node)):
                    yield walk.whole(kind, f"{label} {number}", node, _once, says, HINT, (walk, node, outer, place))


def _functions_of(walk: Walk, node: Node) -> list[Node]:
    """The functions that a node is directly in, where others stand around."""
    return [x for x in walk.useful if x.inputs == (node,) and x is not walk.output and not walk.is_linear(x)]


def _changed(walk: Walk, node: Node) -> Iterator[Changed]:
    name, here = node.op.name, text(node)
    if name == "neg":
        yield (
            "sign",
            "minus lost inside",
            node.inputs[0],
            f"the minus of {here}, which stands inside of a function, is lost",
        )
    if name not in ("add", "sub", "mul", "div") or len(node.inputs) != 2:
        return
    first, other = node.inputs
    inner, constant = (first, other) if walk.depends(first) else (other, first)
    shown = text(behind(constant)) if behind(constant).op.name != "constant" else str(behind(constant).params[0])
    lost = f"{shown} is lost from {here}, which stands inside of a function"
    flipped = f"the sign of {shown} in {here} is wrong, where it stands inside of a function"
    if name in ("add", "sub") and inner is walk.leaf:
        rest = constant if name == "add" or inner is other else -constant
        yield (
            "chain",
            "variable lost inside",
            rest,
            f"{text(inner)} is lost from {here}, which stands inside of a function",
        )
    if name == "add":
        yield "chain", "lost inside", inner, lost
        yield "sign", "flipped inside", inner - constant, flipped
    if name == "sub" and inner is first:
        yield "chain", "lost inside", inner, lost
        yield "sign", "flipped inside", inner + constant, flipped
    if name == "sub" and inner is other:
        yield "chain", "lost inside", -inner, lost
        yield "sign", "flipped inside", -constant - inner, flipped
        yield "sign", "other flipped inside", constant + inner, f"the minus in {here} is lost"
    if name == "mul" or (name == "div" and inner is first):
        yield "chain", "lost inside", inner, lost


def _taken_at(walk: Walk, node: Node, place: Node) -> Node:
    return walk.handed_on(node, node, around(walk, node, place))


def _once(walk: Walk, node: Node, outer: Node, place: Node) -> Node:
    """With the change in one function's derivative alone."""
    g = walk.cotangent(outer)
    if g is None:
        raise AutodiffError("shape-mismatch", "the mistake does not fit here")
    return walk.handed_on(node, node, at_another(walk, outer, 0, g, place))


def without_sums(walk: Walk) -> Iterator[Slip]:
    """At each function of a sum, its derivative taken for each element; of each sum of a function, of the sum."""
    for total in walk.pieces:
        g = walk.cotangent(total)
        if g is None or total.shape or total.op.name not in ("sum", "dot") or not total.inputs[0].shape:
            continue
        if total.op.name == "dot" and walk.leaf not in total.inputs:
            continue
        for outer in [x for x in walk.useful if x.inputs == (total,) and not walk.is_linear(x)]:
            says = f"the derivative of {text(outer)} is taken for each element, and not at {text(total)}"
            kind = "chain" if total.op.name == "sum" else "elementwise"
            yield walk.whole(kind, f"no {total.op.name}", outer, _each, says, HINT, (walk, total, outer))
        inner = total.inputs[0]
        if total.op.name == "sum" and len(inner.inputs) == 1 and is_elementwise(inner) and not walk.is_linear(inner):
            says = f"the derivative of {text(inner)} is taken at the sum, and not for each element"
            yield walk.whole("chain", "at the sum", inner, _summed, says, HINT, (walk, inner, g))


def _each(walk: Walk, total: Node, outer: Node) -> Node:
    g = walk.cotangent(outer)
    assert g is not None
    values = total.inputs[0] if total.op.name == "sum" else total.inputs[0] * total.inputs[1]
    each = at_another(walk, _resized(outer, values), 0, g * ops.ones_like(values), values)
    if total.op.name == "sum":
        return walk.handed_on(total, values, each)
    parts = [each * other for x, other in zip(total.inputs, reversed(total.inputs), strict=True) if x is walk.leaf]
    return walk.instead_of(total, parts[0])


def _summed(walk: Walk, inner: Node, g: Node) -> Node:
    values = inner.inputs[0]
    whole = ops.sum(values)
    part = at_another(walk, _resized(inner, whole), 0, g, whole)
    return walk.handed_on(inner, values, part * ops.ones_like(values))


def _resized(node: Node, x: Node) -> Node:
    """A function of one operand, applied to one of another shape."""
    return Node(node.op, (x,), node.params, x.shape, node.dtype, True)
