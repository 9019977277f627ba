"""The chain rule: f(u(x))' = f'(u(x)) u'(x), with a part of it left out or in the wrong place.

Stewart, Calculus, section 3.4.  The place is the inner function where its derivative is missing, and the outer one
where that was skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from autodiff.backward import pull_back
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, behind, is_elementwise, text

HINT = "look at the chain rule again: something is inside of something"


def chains(walk: Walk) -> Iterator[Slip]:
    """At each inner function, the chain rule applied wrongly."""
    inner = [node for node in walk.pieces if node is not walk.output and walk.is_inner(node)]
    for node in inner:
        yield from _without_inner(walk, node)
    for node in walk.pieces:
        yield from _norms(walk, node)
        yield from _skipped(walk, node)
    for node in walk.pieces:
        if is_elementwise(node) and sum(map(walk.depends, node.inputs)) == 1:
            yield from _misplaced(walk, node)
    for node in inner:
        yield from _wrong_inner(walk, node)


def _without_inner(walk: Walk, node: Node) -> Iterator[Slip]:
    g = walk.cotangent(node)
    if g is not None:
        says = f"this is the gradient without {{inner}} of {text(node)}"
        yield walk.whole("chain", "inner", node, lambda: walk.instead_of(node, g), says, HINT)


def _skipped(walk: Walk, node: Node) -> Iterator[Slip]:
    """A function whose own derivative is left out: the cotangent passes through."""
    places = [i for i, x in enumerate(node.inputs) if walk.depends(x)]
    if not is_elementwise(node) or len(places) != 1 or walk.is_linear(node):
        return
    rule: Rule = lambda g: [g if i in places else None for i in range(len(node.inputs))]  # noqa: E731
    says = f"this is the gradient without the derivative of {text(node)}: it is passed over on the way back"
    yield walk.slip("chain", "skipped", node, rule, says, HINT)


def _misplaced(walk: Walk, node: Node) -> Iterator[Slip]:
    """f'(u'), f(u'), f'(x) u' and f(u) u'."""
    place = next(i for i, x in enumerate(node.inputs) if walk.depends(x))
    u = node.inputs[place]
    inner, outer = text(u), text(node)
    if behind(u) is walk.leaf or walk.is_linear(node):
        return
    says = f"{outer} itself stands where its derivative should"
    kept: Rule = lambda g: [g * node if i == place else None for i in range(len(node.inputs))]  # noqa: E731
    yield walk.slip("chain", "f(u)u'", node, kept, says, HINT)
    if u.shape != walk.leaf.shape:
        return
    g, slope = walk.cotangent(node), walk.elementwise(behind(u))
    if g is None or slope is None:
        return
    says = f"the derivative of {inner} stands inside of the derivative of {outer}; it is a factor"
    yield walk.whole(
        "chain", "f'(u')", behind(u), lambda: walk.instead_of(node, _at(node, place, slope, g)), says, HINT
    )
    says = f"{inner} is replaced by its derivative inside of {outer}"
    yield walk.whole(
        "chain", "f(u')", behind(u), lambda: walk.instead_of(node, g * _applied(node, place, slope)), says, HINT
    )
    says = f"the derivative of {outer} is taken at {walk.setting.wrt}, and not at {inner}"
    rule: Rule = lambda g: [_at(node, place, walk.leaf, g) if i == place else None for i in range(len(node.inputs))]  # noqa: E731
    yield walk.slip("chain", "f'(x)u'", node, rule, says, HINT, behind(u))


def _applied(node: Node, place: int, u: Node) -> Node:
    """The node's operation applied to something else."""
    inputs = tuple([u if i == place else x for i, x in enumerate(node.inputs)])
    return Node(node.op, inputs, node.params, node.shape, node.dtype, True)


def _at(node: Node, place: int, u: Node, g: Node) -> Node:
    """The cotangent that a node would hand to its operand if that were `u`."""
    applied = _applied(node, place, u)
    received: dict[Node, Any] = {}
    pull_back(applied, g, received, {u})
    return received[u]  # type: ignore[no-any-return]


def _wrong_inner(walk: Walk, node: Node) -> Iterator[Slip]:
    """f'/u', f' + u', and f' u in place of f' u'."""
    g, slope = walk.cotangent(node), walk.elementwise(node)
    if g is None or slope is None or g.shape != walk.leaf.shape:
        return
    here = text(node)
    says = f"{{inner}} of {here} divides, and it is a factor"
    yield walk.whole("chain", "divided", node, lambda: walk.instead_of(node, g / slope), says, HINT)
    says = f"{{inner}} of {here} is added, and it is a factor"
    yield walk.whole("chain", "added", node, lambda: walk.instead_of(node, g + slope), says, HINT)
    says = f"{here} itself is the factor, and not its derivative"
    yield walk.whole("chain", "itself", node, lambda: walk.instead_of(node, g * node), says, HINT)
    says = f"{{inner}} of {here} is squared"
    yield walk.whole("chain", "squared", node, lambda: walk.instead_of(node, g * slope * slope), says, HINT)


def _norms(walk: Walk, node: Node) -> Iterator[Slip]:
    """Functions that hide a chain of their own: norm(x) = sqrt(sum(x^2)), logsumexp(x) = log(sum(exp(x)))."""
    if not node.inputs:
        return
    x, here = node.inputs[0], text(node)
    rules: list[tuple[str, Rule, str]] = []
    if node.op.name == "vector_norm" and node.params[0] == 2 and not node.shape:
        rules = [
            ("no root", lambda g: [g * 2 * x], f"the square root of {here} is left out: this is the gradient of the sum of squares"),
            ("inner", lambda g: [g / (2 * node) * ops.ones_like(x)], f"the derivative of the squares inside of {here} is left out"),
            ("half", lambda g: [g * x / (2 * node)], f"the squares inside of {here} lose their factor 2"),
            ("no half", lambda g: [g * 2 * x / node], f"the square root of {here} loses its factor 1/2"),
            ("squares", lambda g: [g * x], f"{here} is differentiated as half of the sum of squares"),
            ("not root", lambda g: [g * x / node**2], f"the derivative of the root in {here} is not a root any more"),
        ]  # fmt: skip
    if node.op.name == "logsumexp":
        rules = [
            ("inner", lambda g: [ops.ones_like(x) * _spread(g / ops.exp(node), node, x)], f"the derivative of the exponentials inside of {here} is left out"),
            ("no log", lambda g: [ops.exp(x) * _spread(g, node, x)], f"the logarithm of {here} is left out"),
        ]  # fmt: skip
    if node.op.name in ("det", "linalg.det"):
        rules = [
            ("no det", lambda g: [g * ops.t(ops.linalg_inv(x))], f"the factor {here} of its derivative is missing")
        ]
    for label, rule, says in rules:
        yield walk.slip("chain", label, node, rule, says, HINT)


def _spread(g: Node, node: Node, x: Node) -> Node:
    for dim in sorted(node.params[0] or ()):
        if not node.params[1]:
            g = ops.unsqueeze(g, dim)
    return ops.expand(g, x.shape)  # type: ignore[no-any-return]
