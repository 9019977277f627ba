"""The local derivative rule of one node, as formulas in u, v, w: what its operation's registered rules say.

x^2 ──stripped──▶ u^2, over a symbol ──its rules──▶ 2*u
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from autodiff.backward import pull_back
from autodiff.errors import AutodiffError
from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.printing import Printer
from autodiff.formula.simplify import Simplifier, shortest
from autodiff.formula.term import Term
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node
from autodiff.graph.primitive import CONSTANT, number, variable
from autodiff.graph.sizes import Dim, Shape, Size

LETTERS = ("u", "v", "w", "a", "b", "c", "d", "p", "q", "r")
INCOMING = "g"
WITH_NUMBERS = ("pow", "pow_of_number", "rsub")  # have a text over tensors and plain numbers


class Rule(NamedTuple):
    """What a step hands on to one operand, over letters: `u*v` has for `u` the derivative `v`.

    Where the step works element by element, the derivative is that of an element, and the incoming gradient is
    multiplied by it.  Otherwise it is what becomes of the incoming gradient g: `g @ v.T`.  It is None where there is no
    formula; `shapes` are those of the letters.
    """

    operation: str
    call: str = ""
    letter: str = ""
    letters: int = 1
    elementwise: bool = True
    derivative: str | None = None
    summed: bool = False
    shapes: Mapping[str, Shape] = {}

    @property
    def says(self) -> str:
        """The rule in words."""
        which = f" {{}} {self.letter}" if self.letters > 1 else ""
        if self.derivative is None:
            text = f"the rule of {self.operation}"
        elif self.elementwise:
            text = f"the derivative of {self.call}{which.format('by')} is {self.derivative}"
        else:
            text = f"{self.call} passes {self.derivative} back{which.format('to')}"
        return f"{text}; summed, because it was broadcast" if self.summed else text


def local_rules(node: Node, chosen: int | None, simplifier: Simplifier) -> list[Rule]:
    """A rule for each input of a node (for its result number `chosen`, where it has several)."""
    for symbolic in (True, False):
        try:
            return _rules(node, chosen, simplifier, symbolic)
        except (AutodiffError, AssertionError, IndexError, TypeError, ValueError):
            continue  # its shapes cannot be symbols, or it has no formula
    return [Rule(node.op.name) for _ in node.inputs]


def _rules(node: Node, chosen: int | None, simplifier: Simplifier, symbolic: bool) -> list[Rule]:
    op = node.op
    operands, letters = _lettered(node, symbolic)
    values = list(op.arrange(operands, node.params))
    made: Any = op.apply(values) if isinstance(op, Elementwise) else op.make(values)
    out: Node = made if chosen is None else made[chosen]
    g = variable(INCOMING, out.shape, out.dtype, False)
    received = _received(out, g, {letter for letter in letters if letter.requires_grad}, chosen)
    shapes = {str(letter.params[0]): letter.shape for letter in letters} | {INCOMING: out.shape}
    terms = {letter: t.var(letter.params[0], letter.shape) for letter in letters}
    printer = Printer(shapes)
    call = infix(node, operands, terms) or printer.text(from_graph.convert([out])[0])
    rules = []
    for operand in operands:
        if operand not in received:
            rules.append(Rule(op.name))
            continue
        (term,) = from_graph.convert([received[operand]])
        if isinstance(op, Elementwise):
            term = t.mul([term, t.power(t.var(INCOMING, ()), -1)])
        formula = printer.text(tidy(term, simplifier, printer))
        letter = str(operand.params[0])
        rules.append(Rule(op.name, call, letter, len(letters), isinstance(op, Elementwise), formula, False, shapes))
    return rules


def _lettered(node: Node, symbolic: bool) -> tuple[list[Node], list[Node]]:
    """A node's inputs as letters, equal ones the same; numbers stay as they are."""
    scalar = isinstance(node.op, Elementwise)
    names: dict[int, Dim] = {}
    letters: dict[Node, Node] = {}
    operands: list[Node] = []
    for operand in node.inputs:
        if operand.weak and operand.op is CONSTANT:
            operands.append(operand)
            continue
        source = behind(operand) if scalar else operand
        if source not in letters:
            shape = () if scalar else named(operand.shape, names) if symbolic else operand.shape
            t.var(LETTERS[len(letters)], shape)  # terms are ordered as they are met
            letters[source] = variable(LETTERS[len(letters)], shape, operand.dtype, operand.requires_grad)
        operands.append(letters[source])
    return operands, list(letters.values())


def _received(out: Node, g: Node, wanted: set[Node], chosen: int | None) -> dict[Node, Node]:
    received: dict[Node, Any] = {}
    if chosen is None:
        pull_back(out, g, received, wanted)
        return received
    (inner,) = out.inputs
    pull_back(out, g, received, {inner})
    pull_back(inner, received.pop(inner), received, wanted)
    return received


def behind(operand: Node) -> Node:
    """The operand before hidden broadcasts and conversions, which are no part of a rule; not before a rounding one."""
    while operand.op.hidden and len(operand.inputs) == 1 and operand.inputs[0].results is None:
        (source,) = operand.inputs
        if source.dtype.is_floating and not operand.dtype.is_floating:
            break
        operand = source
    return operand


def named(shape: Shape, names: dict[int, Dim]) -> Shape:
    """The shape with a name for each size, the same for equal ones."""
    named: list[Dim] = []
    for size in shape:
        if isinstance(size, int) and size != 1:
            named.append(names.setdefault(size, Size.named(f"n{len(names) + 1}")))
        else:
            named.append(size)
    return tuple(named)


def infix(
    node: Node, operands: Sequence[Node], terms: Mapping[Node, Term], printer: Printer | None = None
) -> str | None:
    """The node as it was written, `x*y` rather than the normal form of that, for operations that have such a text."""
    op = node.op
    template = op.text
    if op.name == "mean":
        template = _mean(*node.params)
    elif {param.kind for param in op.signature.params} != {"Tensor"} and op.name not in WITH_NUMBERS:
        return None
    if not template:
        return None
    printer = printer or Printer({})
    texts = {}
    for param, value in zip(op.signature.params, op.arrange(operands, node.params), strict=True):
        if isinstance(value, (int, float, Fraction, Node)):
            value = value if isinstance(value, Node) else number(value)
            text = printer.text(from_graph.convert([behind(value)], terms)[0])
            alone = re.fullmatch(r"[\w.]+(\([\w, ]*\))?", text) or f"({param.name})" in template
            texts[param.name] = text if alone else f"({text})"
    return re.sub(r"[^\W\d]\w*\b(?!=[^=])", lambda word: texts.get(word[0], word[0]), template)


def _mean(dims: tuple[int, ...] | None, keepdim: bool) -> str:
    along = "" if dims is None else f", {dims[0] if len(dims) == 1 else list(dims)}"
    return f"mean(x{along}{', keepdim=True' * keepdim})"


def tidy(term: Term, simplifier: Simplifier, printer: Printer) -> Term:
    """The term in the form that a person would write."""
    return shortest(simplifier.simplify(term), printer)
