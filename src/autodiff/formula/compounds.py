"""Steps that PyTorch composes of several operations and people see as one: x @ A, outer(x, y), logdet(X)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple

from autodiff.backward import gradients, pull_back
from autodiff.formula import from_graph
from autodiff.formula.printing import Printer
from autodiff.formula.rules import INCOMING, LETTERS, Rule, named, tidy
from autodiff.formula.simplify import Simplifier
from autodiff.graph.build import Builder
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONSTANT, variable
from autodiff.graph.sizes import Dim
from autodiff.syntax.parse import parse


class Compound(NamedTuple):
    """What is called with which operands, `{}` standing for each, and the nodes within, the last one first."""

    call: str
    operands: list[Node]
    within: list[Node]

    def written(self, names: Sequence[str]) -> str:
        return self.call.format(*names)


def compound_of(node: Node) -> Compound | None:
    """What the node is the last operation of; None where it stands for itself."""
    if node.op.name == "squeeze":
        return _vector_times_matrix(node)
    if node.op.name == "mul":
        return _outer(node)
    if node.op.name == "where_positive":
        picked = [operand for operand in node.inputs if operand.inputs and operand.op.name == "pick"]
        (slogdet,) = picked[0].inputs
        return Compound("logdet({})", [*slogdet.inputs], [*picked, slogdet])
    return None


def _vector_times_matrix(node: Node) -> Compound | None:
    (product,) = node.inputs
    if product.op.name != "mm" or product.span != node.span or product.inputs[0].op.name != "unsqueeze":
        return None
    row, matrix = product.inputs
    return Compound("{} @ {}", [row.inputs[0], matrix], [product, row]) if row.span == node.span else None


def _outer(node: Node) -> Compound | None:
    sides = [side.inputs[0] if side.op is BROADCAST else side for side in node.inputs]
    column, vector = sides
    written = node.span is not None and "outer" in node.span.text
    if not written or column.op.name != "view" or column.span != node.span or len(vector.shape) != 1:
        return None
    spread = [side for side in node.inputs if side.op is BROADCAST]
    return Compound("outer({}, {})", [column.inputs[0], vector], [*spread, column])


def is_times_one(node: Node) -> bool:
    """Whether this is the product with the 1 of 1/x, which PyTorch has beside the reciprocal."""
    if node.op.name != "mul" or node.inputs[0].op.name != "reciprocal":
        return False
    inverse, one = node.inputs
    return one.op is CONSTANT and one.params[0] == 1 and inverse.span == node.span


def pulled_through(compound: Compound, node: Node, g: Node, useful: Container[Node]) -> dict[Node, Any]:
    """What becomes of the incoming gradient, for each operand."""
    received: dict[Node, Any] = {}
    inner = {*compound.within, *compound.operands}
    pull_back(node, g, received, inner)
    for part in compound.within:
        if part in received and part not in compound.operands:
            pull_back(part, received.pop(part), received, inner)
    return {operand: part for operand, part in received.items() if operand in useful}


def compound_rules(compound: Compound, simplifier: Simplifier) -> list[Rule]:
    """A rule for each operand."""
    sizes: dict[int, Dim] = {}
    letters: dict[Node, Node] = {}
    for operand in compound.operands:
        if operand not in letters:
            shape = named(operand.shape, sizes)
            letters[operand] = variable(LETTERS[len(letters)], shape, operand.dtype, True)
    names = {node: str(letter.params[0]) for node, letter in letters.items()}
    call = compound.written([names[operand] for operand in compound.operands])
    scope: Mapping[str, Node] = {str(letter.params[0]): letter for letter in letters.values()}
    out = Builder(scope).tensor(parse(call))
    g = variable(INCOMING, out.shape, out.dtype, False)
    shapes = {name: letter.shape for name, letter in scope.items()} | {INCOMING: out.shape}
    printer = Printer(shapes)
    found = {}
    wanted = list(letters)
    for operand, part in zip(wanted, gradients([out], [g], [letters[x] for x in wanted]), strict=True):
        assert part is not None
        formula = printer.text(tidy(from_graph.convert([part])[0], simplifier, printer))
        found[operand] = Rule(call, call, names[operand], len(letters), False, formula, False, shapes)
    return [found[operand] for operand in compound.operands]
