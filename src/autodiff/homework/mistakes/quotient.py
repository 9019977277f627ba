"""The quotient rule: (u/v)' = (u'v - uv')/v^2, with a term, a sign or the square lost.

Stewart, Calculus, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autodiff.graph.node import Node
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, text

HINT = "look at the quotient rule again: (u'*v - u*v')/v^2"
Parts = Callable[[Node, Node, Node], list[Node | None]]

# What u and v get for g, and what happened to the rule for {here}.
BOTH: list[tuple[str, Parts, str]] = [
    ("no v'", lambda g, u, v: [g / v, None], "the denominator of {here} is treated as a constant"),
    ("no u'", lambda g, u, v: [None, -g * u / v**2], "the numerator of {here} is treated as a constant"),
    ("plus", lambda g, u, v: [g / v, g * u / v**2], "the two terms of the quotient rule for {here} are added"),
    ("reversed", lambda g, u, v: [-g / v, g * u / v**2], "the two terms of the quotient rule for {here} are swapped"),
    ("not squared", lambda g, u, v: [g * 1, -g * u / v], "the denominator in the rule for {here} is not squared"),
    ("no denominator", lambda g, u, v: [g * v, -g * u], "the quotient rule for {here} lacks its denominator"),
    ("over u^2", lambda g, u, v: [g * v / u**2, -g / u], "the rule for {here} divides by the numerator squared"),
    ("no v", lambda g, u, v: [g / v**2, -g * u / v**2], "in the rule for {here} u' is not multiplied by v"),
    ("no u", lambda g, u, v: [g / v, -g / v**2], "in the rule for {here} v' is not multiplied by u"),
    ("u not squared", lambda g, u, v: [g / v, -g * u / v], "one term of the rule for {here} lacks the square"),
    (
        "crossed",
        lambda g, u, v: [g * u / v**2, -g / v],
        "in the rule for {here} each derivative is multiplied by its own part",
    ),
]
BELOW: list[tuple[str, Parts, str]] = [
    ("plus", lambda g, u, v: [None, g * u / v**2], "the minus of the quotient rule for {here} is lost"),
    ("not squared", lambda g, u, v: [None, -g * u / v], "the denominator in the rule for {here} is not squared"),
    ("plus, not squared", lambda g, u, v: [None, g * u / v], "the quotient rule for {here} lacks minus and square"),
    ("no u", lambda g, u, v: [None, -g / v**2], "the numerator of {here} is lost"),
    ("no denominator", lambda g, u, v: [None, -g * u], "the quotient rule for {here} lacks its denominator"),
]


def quotients(walk: Walk) -> Iterator[Slip]:
    """At each division by something with the variable in it, the quotient rule applied wrongly."""
    for node in walk.pieces:
        if node.op.name == "reciprocal":
            yield from _reciprocal(walk, node)
        if node.op.name != "div" or len(node.inputs) < 2 or not walk.depends(node.inputs[1]):
            continue
        u, v = node.inputs
        table = BOTH if walk.depends(u) else BELOW
        for label, parts, says in table:
            yield walk.slip("quotient", label, node, parts, says.format(here=text(node)), HINT, given=(u, v))
        yield from _of_derivatives(walk, node, u if walk.depends(u) else None, v)


def _of_derivatives(walk: Walk, node: Node, u: Node | None, v: Node) -> Iterator[Slip]:
    """u'/v'."""
    above = node.inputs[0] if u is None else walk.slope(u)
    below = walk.slope(v)
    g = walk.cotangent(node)
    if above is not None and below is not None and g is not None and g.shape in (walk.leaf.shape, ()):
        says = f"numerator and denominator of {text(node)} are differentiated separately"
        yield walk.whole("quotient", "u'/v'", node, lambda: walk.instead_of(node, g * above / below), says, HINT)


def _reciprocal(walk: Walk, node: Node) -> Iterator[Slip]:
    here, (x,) = text(node), node.inputs
    rules: list[tuple[str, Rule, str]] = [
        ("plus", lambda g: [g / x**2], f"the minus of the derivative of {here} is lost"),
        ("not squared", lambda g: [-g / x], f"the denominator of the derivative of {here} is not squared"),
        ("no denominator", lambda g: [-g * 1], f"the derivative of {here} lacks its denominator"),
    ]
    for label, rule, says in rules:
        yield walk.slip("quotient" if label != "plus" else "sign", label, node, rule, says, HINT)
    below = walk.elementwise(x)
    g = walk.cotangent(node)
    if below is not None and x is not walk.leaf and g is not None and g.shape == walk.leaf.shape:
        says = f"the denominator of {here} is replaced by its derivative"
        yield walk.whole("quotient", "1/v'", node, lambda: walk.instead_of(node, g / below), says, HINT)
