"""Backward with one rule applied wrongly.

A `Slip` is a wrong application of a rule at a node, or a wrong whole gradient.  Each kind of mistake is a function
that takes a `Walk` (the forward graph with the right cotangents) and yields slips, the likelier first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

from autodiff.backward import leading_to, pull_back
from autodiff.errors import AutodiffError
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node, ancestors
from autodiff.graph.op import ops
from autodiff.graph.primitive import BROADCAST, CONVERT, PICK, none, zero
from autodiff.graph.sizes import concrete
from autodiff.homework.setting import Setting

Cotangents = Sequence[Node | None]
# What a node hands to its operands for the cotangent g that it received.
Rule = Callable[[Node], Cotangents]

LINEAR = frozenset(
    ("add", "sub", "neg", "rsub", "sum", "mean", "broadcast", "convert", "reshape", "view", "unsqueeze", "squeeze", "t")
)


class Slip(NamedTuple):
    """A mistake: its kind, the node where it is made, what to say of it, and the gradient it leads to.

    `{inner}` in `says` stands for the derivative of the node.  `rule` is what took the place of the rules of
    `changed`, for mistakes that can be combined.
    """

    kind: str
    label: str
    node: Node
    says: str
    hint: str
    gradient: Callable[[], Node]
    changed: Node | None = None
    rule: Rule | None = None


class Walk:
    """The graph of an expression with the cotangents that backward hands around, for mistakes to be made in it."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.output, self.start, self.leaf = setting.output, setting.start, setting.leaf
        self.useful = leading_to([self.output], [self.leaf]) if self.output.requires_grad else {}
        self.received: dict[Node, Any] = {}
        self.right = self._gradient({}, self.received)

    # What there is

    @property
    def pieces(self) -> list[Node]:
        """The nodes on the way to the variable that stand for a piece of the expression, outermost first."""
        hidden = (BROADCAST, CONVERT, PICK)
        return [
            node
            for node in reversed(self.useful)
            if node.op not in hidden and node.results is None and node is not self.leaf
        ]

    def depends(self, node: Node) -> bool:
        """Whether the variable is in it."""
        return node in self.useful

    def cotangent(self, node: Node) -> Node | None:
        """The derivative of the result by this node."""
        return self.received.get(node) if node.results is None else None

    def is_inner(self, node: Node) -> bool:
        """Whether a function that is not linear stands around it."""
        stack, seen = [node], {node}
        while stack:
            inner = stack.pop()
            for outer in self.useful:
                if inner in outer.inputs and outer not in seen:
                    if not self.is_linear(outer):
                        return True
                    seen.add(outer)
                    stack.append(outer)
        return False

    def is_linear(self, node: Node) -> bool:
        """Whether its operation is a sum, or a product with something that does not depend on the variable."""
        if node.op.name in LINEAR:
            return True
        return (
            node.op.name in ("mul", "div", "mm", "mv", "dot")
            and sum(map(self.depends, node.inputs)) < 2
            and not (node.op.name == "div" and self.depends(node.inputs[1]))
        )

    def elementwise(self, node: Node) -> Node | None:
        """The derivative of a node by the variable element by element; None where it has another shape."""
        if node.shape != self.leaf.shape or not self.depends(node):
            return None
        if node is self.leaf:
            return ops.ones_like(node)  # type: ignore[no-any-return]
        received: dict[Node, Any] = {node: ops.ones_like(node)}
        return self._walked(received, leading_to([node], [self.leaf]), {})

    def slope(self, node: Node) -> Node | None:
        """The derivative of a node by the variable, where it goes element by element or the node is a number."""
        if node.shape == () and self.leaf.shape:
            received: dict[Node, Any] = {node: ops.ones_like(node)}
            return self._walked(received, leading_to([node], [self.leaf]), {})
        return self.elementwise(node)

    def pulled(self, output: Node, leaf: Node, start: Node | None = None) -> Node:
        """What another node receives from another result, whose cotangent is `start`."""
        received: dict[Node, Any] = {output: self.start if start is None else start}
        self._walked(received, leading_to([output], [leaf]), {})
        return received[leaf]  # type: ignore[no-any-return]

    # What goes wrong

    def cotangents(self, node: Node, g: Node) -> list[Node | None]:
        """What the node's own rules hand to its operands."""
        op, args = node.op, node.args
        if op.vjp_all is not None:
            return list(op.vjp_all(g, node, *args))
        found: list[Node | None] = []
        for operand, rule in zip(node.inputs, op.vjp or (), strict=False):
            if rule is none or operand not in self.useful:
                found.append(None)
            else:
                found.append(ops.zeros_like(operand) if rule is zero else rule(g, node, *args))
        return found

    def changed(self, g: Node, node: Node, place: int, change: Callable[[Node], Node | None]) -> Cotangents:
        """What the node's own rules hand to its operands, with one of them changed: a rule, once it has `given`."""
        parts = self.cotangents(node, g)
        part = parts[place]
        parts[place] = None if part is None else change(part)
        return parts

    def alone(self, g: Node, node: Node, place: int) -> Cotangents:
        """What the node's own rules hand to one operand, and nothing for the others: a rule, once it has `given`."""
        return only(node, place, self.cotangents(node, g)[place])

    def with_rules(self, rules: Mapping[Node, Rule]) -> Node:
        """The gradient when these nodes follow these rules."""
        return self._gradient(rules, {})

    def without(self, node: Node) -> Node | None:
        """The gradient when a node is taken for a constant; None where all paths lead through it."""
        received: dict[Node, Any] = {self.output: self.start}
        if node is self.output:
            return None
        return self._walked(received, self.useful, {node: lambda g: [None] * len(node.inputs)})

    def handed_on(self, node: Node, inner: Node, g: Node) -> Node:
        """The gradient when a node's contribution is what g comes to from one of its ancestors."""
        part = self._walked({inner: g}, leading_to([inner], [self.leaf]), {})
        return self.instead_of(node, ops.zeros_like(self.leaf) if part is None else part)

    def instead_of(self, node: Node, part: Node) -> Node:
        """The gradient with `part` as the contribution of a node."""
        rest = self.without(node)
        return part if rest is None else rest + part

    def _gradient(self, rules: Mapping[Node, Rule], received: dict[Node, Any]) -> Node:
        received[self.output] = self.start
        found = self._walked(received, self.useful, rules)
        return ops.zeros_like(self.leaf) if found is None else found

    def _walked(self, received: dict[Node, Any], useful: Any, rules: Mapping[Node, Rule]) -> Node | None:
        for node in reversed(useful):
            g = received.get(node)
            if g is None or not node.inputs:
                continue
            if node not in rules:
                pull_back(node, g, received, useful)
                continue
            for operand, part in zip(node.inputs, rules[node](g), strict=True):
                if part is not None and operand in useful:
                    part = fitting(part, operand)
                    received[operand] = part if operand not in received else received[operand] + part
        found: Node | None = received.get(self.leaf)
        return found

    # Slips

    def slip(
        self,
        kind: str,
        label: str,
        node: Node,
        rule: Callable[..., Cotangents],
        says: str,
        hint: str,
        at: Node | None = None,
        given: tuple[Any, ...] = (),
    ) -> Slip:
        """A node that follows another rule: rule(g), or rule(g, *given) for what a loop has given."""
        followed: Rule = rule if not given else lambda g: rule(g, *given)
        return Slip(kind, label, at or node, says, hint, lambda: self.with_rules({node: followed}), node, followed)

    def whole(
        self,
        kind: str,
        label: str,
        node: Node,
        gradient: Callable[..., Node],
        says: str,
        hint: str,
        given: tuple[Any, ...] = (),
    ) -> Slip:
        """A gradient that is wrong as a whole, or in the contribution of a node: gradient(*given)."""
        return Slip(kind, label, node, says, hint, lambda: gradient(*given))


Mistakes = Callable[[Walk], Iterator[Slip]]


def fitting(part: Node, operand: Node) -> Node:
    """A cotangent that has its operand's shape, or an error: the mistake cannot be made here."""
    if part.shape == operand.shape:
        return part
    if not part.shape:
        spread: Node = part * ops.ones_like(operand)
        return spread
    raise AutodiffError("shape-mismatch", "the mistake does not fit here")


def behind(node: Node) -> Node:
    """The node that a broadcast or a conversion shows."""
    while node.op in (BROADCAST, CONVERT):
        node = node.inputs[0]
    return node


def text(node: Node) -> str:
    """The piece of the expression that a node stands for."""
    node = behind(node)
    if node.op.name == "variable":
        return str(node.params[0])
    return node.span.text if node.span is not None else "the expression"


def count(node: Node) -> int:
    """How many elements there are."""
    return prod(concrete(node.shape))


def only(node: Node, chosen: int, part: Node | None) -> list[Node | None]:
    """Cotangents with a part for one operand and none for the others."""
    return [part if i == chosen else None for i in range(len(node.inputs))]


def is_elementwise(node: Node) -> bool:
    return isinstance(node.op, Elementwise)


def itself(part: Node) -> Node:
    """A node as a gradient."""
    return part


def minus(part: Node) -> Node:
    """With the other sign."""
    return -part


def lost(part: Node) -> None:
    """Nothing of it."""


def grafted(node: Node, old: Node, new: Node) -> Node:
    """The graph of a node with another node in the place of one of its ancestors."""
    made: dict[Node, Node] = {old: new}
    for part in ancestors([node]):
        if part not in made and any(x in made for x in part.inputs):
            inputs = tuple([made.get(x, x) for x in part.inputs])
            made[part] = Node(
                part.op, inputs, part.params, part.shape, part.dtype, part.requires_grad, part.weak, part.results
            )
    whole: Node = made.get(node, node)
    return whole
