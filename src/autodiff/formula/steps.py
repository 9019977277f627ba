"""The work behind a gradient, step by step, as a student would show it.

    graph ──steps──▶ v1 = x + 1, v2 = v1^2 …            forward: what is computed, in terms of earlier steps
          ──walk───▶ v2.grad ──(u^2: 2*u)──▶ v1.grad …  backward: each local rule, and where paths add up
          ──derive─▶ x.grad = 4*(x + 1)/numel(x)        the result, over the variables alone

What a rule says comes from the operation's registered rule.  With values there are numbers at each step as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.backward import initial_cotangent, leading_to, pull_back
from autodiff.errors import AutodiffError
from autodiff.execute.run import evaluate
from autodiff.formula import from_graph
from autodiff.formula import term as t
from autodiff.formula.assumed import assumed_elementwise, deep_stack, shapes_for, variables_wanted
from autodiff.formula.compounds import Compound, compound_of, compound_rules, is_times_one, pulled_through
from autodiff.formula.derive import derive
from autodiff.formula.known import Known, drawn
from autodiff.formula.printing import Printer
from autodiff.formula.question import Built, Question, output_of
from autodiff.formula.rules import Rule, behind, infix, local_rules, tidy
from autodiff.formula.simplify import Simplifier
from autodiff.formula.term import Term
from autodiff.graph.dtypes import dtype_of, float64, using_default_dtype
from autodiff.graph.node import Node, ancestors, placed
from autodiff.graph.op import ops
from autodiff.graph.primitive import BROADCAST, CONSTANT, PICK, VARIABLE, variable
from autodiff.graph.sizes import Shape, Size, numel, show
from autodiff.solve import Graph, Leaf, Problem, check_names, parsed

WEIGHTS = "g"  # what the weights of a result that is no scalar are called when they are given as numbers


class Step(NamedTuple):
    """One operation of the forward pass."""

    name: str
    formula: str
    shape: str
    value: np.ndarray | None


class Path(NamedTuple):
    """What one step hands on to an operand: the local rule, the gradient that comes in, and what goes out."""

    source: str
    rule: Rule | None
    incoming: str
    outgoing: str
    value: np.ndarray | None = None


class Arrival(NamedTuple):
    """The gradient of a step or variable; that of several paths is their sum."""

    name: str
    paths: list[Path]
    value: np.ndarray | None = None


class Result(NamedTuple):
    """The gradient for a variable: a formula over the variables (None where there is none), and its numbers."""

    formula: str | None
    value: np.ndarray | None


class Sheet(NamedTuple):
    """All of the work.

    `assumes` says what was taken for granted of variables without a shape; `shapes` are those of variables, steps and
    gradients, by name.
    """

    forward: list[Step]
    backward: list[Arrival]
    results: dict[str, Result]
    assumes: dict[str, str]
    shapes: dict[str, Shape]


class _Asked(NamedTuple):
    output: Node
    variables: dict[str, Node]
    lets: dict[str, Node]
    feeds: dict[str, np.ndarray] | None  # None: there are shapes alone
    start: Node  # the gradient of the result itself, and its name
    start_name: str
    elementwise: dict[str, str]
    limit: int | None


def steps(question: Question, problem: Problem | None = None) -> Sheet:
    """The work for a question over shapes, or over the values that a problem has.

    Raises what building raises, and `non-scalar-output`, `no-grad-path`, `needs-shape`.
    """
    t.forget()
    with deep_stack(), using_default_dtype(problem.dtype if problem is not None else float64):
        if problem is None:
            shapes, assumes = shapes_for(question)
            asked = _over_shapes(question, shapes)
        else:
            asked, assumes = _over_values(question, problem), {}
            shapes = {name: node.shape for name, node in asked.variables.items()}
        walk = _Walk(asked, assumes)
        sheet = walk.sheet()
        if problem is None:
            sheet = _verified_at_a_point(walk, sheet, question, shapes)
    return _with_formulas(sheet, question, shapes, asked)


def _values(forward: list[Step], backward: list[Arrival]) -> dict[str, np.ndarray | None]:
    """What the tables have values of, by name."""
    return {step.name: step.value for step in forward} | {f"{one.name}.grad": one.value for one in backward}


def _verified_at_a_point(walk: _Walk, sheet: Sheet, question: Question, shapes: Mapping[str, Shape]) -> Sheet:
    """The sheet over shapes, its formulas compared with the numbers of the same steps for random values."""
    values = drawn(shapes)
    weights = None if question.gradient is None else np.asarray(drawn({"": walk.asked.output.shape}, seed=2)[""])
    problem = Problem(
        question.expr, {name: Leaf(value) for name, value in values.items()}, wrt=question.wrt, gradient=weights,
        let=question.let,
    )  # fmt: skip
    try:
        other = _Walk(_over_values(question, problem), {}).sheet()
    except AutodiffError:
        return sheet  # names of sizes in the expression are not values
    same = [len(one.paths) for one in sheet.backward] == [len(one.paths) for one in other.backward]
    if not same or len(sheet.forward) != len(other.forward):
        return sheet
    known = Known({**values, question.gradient or "": weights, **_values(other.forward, other.backward)})
    forward, backward = walk.verified(sheet.forward, sheet.backward, known, other.forward, other.backward)
    return sheet._replace(forward=forward, backward=backward)


# What is asked


def _over_shapes(question: Question, shapes: Mapping[str, Shape]) -> _Asked:
    wrt = variables_wanted(question, shapes)
    output, variables, scope = output_of(question, shapes, wrt)
    lets = {name: scope[name] for name in question.let if isinstance(scope[name], Node)}
    g = None if question.gradient is None else variable(question.gradient, output.shape, float64, False)
    return _started(output, variables, lets, None, g, question, wrt, None)


def _over_values(question: Question, problem: Problem) -> _Asked:
    check_names(problem)
    graph = Graph(problem)
    g = None
    feeds = dict(graph.feeds)
    if problem.gradient is not None:
        name = WEIGHTS
        while name in graph.variables or name in problem.let:
            name += "_"
        g = variable(name, problem.gradient.shape, dtype_of(problem.gradient), False)
        feeds[name] = problem.gradient
    wrt = [name for name, node in graph.variables.items() if node.requires_grad]
    return _started(graph.output, graph.variables, graph.lets, feeds, g, question, wrt, problem.limit_bytes)


def _started(
    output: Node,
    variables: dict[str, Node],
    lets: dict[str, Node],
    feeds: dict[str, np.ndarray] | None,
    g: Node | None,
    question: Question,
    wrt: Sequence[str],
    limit: int | None,
) -> _Asked:
    """With the gradient that backward starts from: the weights, or 1; raises for a result that has none."""
    about: dict[str, str] = {}
    try:
        if g is None and output.requires_grad and numel(output.shape) != 1:
            built = Built(output, variables, [])
            about = assumed_elementwise(question._replace(gradient=None), built, wrt)
            start = ops.ones_like(output)
        else:
            start = initial_cotangent(output, g)
    except AutodiffError as error:
        error.span = error.span or parsed(question.expr).span
        raise
    return _Asked(output, variables, lets, feeds, start, "1" if g is None else str(g.params[0]), about, limit)


# Steps


def _of_zeros(arrival: Arrival, path: Path) -> str:
    """What stands for a formula that has no value there, as x/norm(x) at 0."""
    if path.value is None or path.value.any():
        return "…"
    return f"zeros_like({arrival.name})" if path.value.shape else "0"


def _is_step(node: Node) -> bool:
    """Whether the node is a line of its own: what people see, and one line for each result of several."""
    if is_times_one(node):
        return False
    return node.op is PICK or not (node.op.hidden or node.results is not None)


COUNTS = ("numel", "size")  # and what is computed from these is a number, and no step


class _Walk:
    """The walk over one graph.  Terms are written at once, because they are numbered anew for each expression."""

    def __init__(self, asked: _Asked, assumes: dict[str, str]) -> None:
        self.asked = asked
        self.assumes = {**assumes, **asked.elementwise}
        self.simplifier = Simplifier()
        self.shapes: dict[str, Shape] = {name: node.shape for name, node in asked.variables.items()}
        self.names: dict[Node, str] = {node: name for name, node in asked.variables.items()}
        self.compounds: dict[Node, Compound] = {}
        self.listed = self._listed()
        # Terms are ordered as they are made: first the incoming gradients, then the variables.
        self.gradients = {node: t.var(f"{name}.grad", node.shape) for node, name in self.names.items()}
        self.terms = {node: t.var(name, node.shape) for node, name in self.names.items() if node.op is VARIABLE}
        self.printer = Printer(dict(self.shapes))

    def _listed(self) -> list[Node]:
        """The steps, in order, each given its name."""
        depending: set[Node] = set()
        found: list[Node] = []
        lets = {node: name for name, node in self.asked.lets.items()}
        count = 0
        order = ancestors([self.asked.output])
        self.compounds = {node: known for node in order if (known := compound_of(node)) is not None}
        within = {inner for known in self.compounds.values() for inner in known.within}
        for node in order:
            of_values = node.op.name not in COUNTS and any(operand in depending for operand in node.inputs)
            if node.op is VARIABLE or of_values:
                depending.add(node)
            if node not in depending or node in self.names or node in within or not _is_step(node):
                continue
            name = lets.get(node, "")
            while not name or name in self.shapes:
                count += 1
                name = f"v{count}"
            self.names[node] = name
            self.shapes[name] = node.shape
            found.append(node)
        return found

    def sheet(self) -> Sheet:
        formulas = [self._forward(node) for node in self.listed]
        arrivals, totals, contributions = self._backward()
        wanted = [*self.listed, *totals, *contributions]
        values: list[np.ndarray | None] = [None] * len(wanted)
        if self.asked.feeds is not None:
            values = [*evaluate(wanted, self.asked.feeds, self.asked.limit)]
        own, rest = values[: len(self.listed)], values[len(self.listed) :]
        forward = [
            Step(self.names[node], formula, self._shape(node), value)
            for node, formula, value in zip(self.listed, formulas, own, strict=True)
        ]
        parts = iter(rest[len(totals) :])
        backward = [
            Arrival(arrival.name, [path._replace(value=next(parts)) for path in arrival.paths], total)
            for arrival, total in zip(arrivals, rest, strict=False)
        ]
        if self.asked.feeds is not None:
            values_of = {**self.asked.feeds, **_values(forward, backward)}
            forward, backward = self.verified(forward, backward, Known(values_of), forward, backward)
        arrived = {arrival.name: arrival.value for arrival in backward}
        results = {
            name: Result(None, arrived.get(name)) for name, node in self.asked.variables.items() if node.requires_grad
        }
        gradients = {f"{name}.grad": shape for name, shape in self.shapes.items()}
        return Sheet(forward, backward, results, self.assumes, {**self.shapes, **gradients})

    def _shape(self, node: Node) -> str:
        for name in self.assumes:
            if Size.named(f"{name}_rows") in node.shape:
                return f"as {name}"
        return show(node.shape)

    def _forward(self, node: Node) -> str:
        """The formula of a step in terms of earlier ones."""
        compound = self.compounds.get(node)
        try:
            text = None
            if compound is not None:
                operands = from_graph.convert(compound.operands, self.terms)
                text = compound.written([self.printer.text(operand) for operand in operands])
            text = text or infix(node, node.inputs, self.terms, self.printer)
            text = text or self.printer.text(from_graph.convert([node], self.terms)[0])
        except AutodiffError:
            text = self._as_it_was_written(node)
        self.terms[node] = t.var(self.names[node], node.shape)
        return text

    def verified(
        self,
        forward: list[Step],
        backward: list[Arrival],
        known: Known,
        steps_with_values: list[Step],
        arrivals_with_values: list[Arrival],
    ) -> tuple[list[Step], list[Arrival]]:
        """The tables without the formulas that do not give the values of the same places."""
        forward = [
            step if known.gives(step.formula, other.value) else step._replace(formula=self._as_it_was_written(node))
            for step, other, node in zip(forward, steps_with_values, self.listed, strict=True)
        ]
        checked = []
        for arrival, other in zip(backward, arrivals_with_values, strict=True):
            paths = [
                path if known.gives(path.outgoing, same.value) else path._replace(outgoing=_of_zeros(arrival, same))
                for path, same in zip(arrival.paths, other.paths, strict=True)
            ]
            checked.append(arrival._replace(paths=paths))
        return forward, checked

    def _as_it_was_written(self, node: Node) -> str:
        """A step that has no formula: an index over variables as it stands in the source, else its operation."""
        operands = [behind(operand) for operand in node.inputs]
        simple = all(operand.op in (VARIABLE, CONSTANT) for operand in operands)
        if node.span is not None and simple and node.op.name == "index":
            return " ".join(node.span.text.split())
        if node.op is PICK:
            (inner,) = node.inputs
            field = f".{inner.op.fields[node.params[0]]}" if inner.op.fields else f"[{node.params[0]}]"
            return self._as_it_was_written(inner) + field
        names = [self.names.get(operand, "…") for operand in operands]
        return f"{node.op.name}({', '.join([*names, *['…'] * bool(node.params)])})"

    # Backward

    def _backward(self) -> tuple[list[Arrival], list[Node], list[Node]]:
        """Gradients in the order in which they are complete, variables last: their sums, and what each path brings."""
        asked = self.asked
        wanted = [node for node in asked.variables.values() if node.requires_grad]
        useful = leading_to([asked.output], wanted)
        received: dict[Node, list[tuple[Path, Node]]] = {}
        self._deliver(asked.output, asked.start, Path("", None, "", asked.start_name), useful, received)
        totals: dict[Node, Node] = {}
        for node in reversed(useful):
            if node in received:
                total = received[node][0][1]
                for _, part in received[node][1:]:
                    total = total + part
                totals[node] = total
                if node.op is not VARIABLE:
                    self._send(node, total, useful, received)
        order = [node for node in totals if node.op is not VARIABLE] + [node for node in wanted if node in totals]
        arrivals = [Arrival(self.names[node], [path for path, _ in received[node]]) for node in order]
        return arrivals, [totals[node] for node in order], [part for node in order for _, part in received[node]]

    def _send(self, node: Node, g: Node, useful: Mapping[Node, None], received: Any) -> None:
        """What a step hands on to each of its operands."""
        pulled: dict[Node, Any] = {}
        inner, chosen = node, None
        compound = self.compounds.get(node)
        with placed(node.span):
            if compound is not None:
                pulled = pulled_through(compound, node, g, useful)
            else:
                pull_back(node, g, pulled, useful)
            if node.op is PICK:
                chosen, (inner,) = node.params[0], node.inputs
                pull_back(inner, pulled.pop(inner), pulled, useful)
        if compound is not None:
            operands, rules = compound.operands, compound_rules(compound, self.simplifier)
        else:
            operands, rules = [*inner.inputs], local_rules(inner, chosen, self.simplifier)
        known = {**self.terms, g: self.gradients[node]}
        for operand, rule in zip(operands, rules, strict=True):
            part = pulled.pop(operand, None)  # an operand that is there twice has one sum
            if part is not None:
                path = Path(self.names[node], rule, f"{self.names[node]}.grad", "")
                self._deliver(operand, part, path, useful, received, known)

    def _deliver(
        self,
        operand: Node,
        part: Node,
        path: Path,
        useful: Mapping[Node, None],
        received: dict[Node, list[tuple[Path, Node]]],
        known: Mapping[Node, Term] | None = None,
    ) -> None:
        """Take a contribution through hidden nodes to the step or variable behind them."""
        while operand not in self.names:
            pulled: dict[Node, Any] = {}
            pull_back(operand, part, pulled, useful)
            if operand.op is BROADCAST and path.rule is not None:
                path = path._replace(rule=path.rule._replace(summed=True))
            if not pulled:
                return
            ((operand, part),) = pulled.items()
        if known is not None:
            path = path._replace(outgoing=self._written(part, known, self.names[operand]))
        received.setdefault(operand, []).append((path, part))

    def _written(self, part: Node, known: Mapping[Node, Term], name: str) -> str:
        printer = Printer(self.shapes, name)
        try:
            (term,) = from_graph.convert([part], known)
            return printer.text(tidy(term, self.simplifier, printer))
        except AutodiffError:
            return "…"


# The result


def _with_formulas(sheet: Sheet, question: Question, shapes: Mapping[str, Shape], asked: _Asked) -> Sheet:
    """The gradients over the variables alone, where there are formulas for them: verified, as `derive` does."""
    if asked.start_name != "1" and question.gradient is None:
        question = question._replace(gradient=asked.start_name)
    results = {}
    for name, result in sheet.results.items():
        try:
            found = derive(question._replace(shapes=shapes, wrt=[name]))
            results[name] = result._replace(formula=found.gradient[name])
        except AutodiffError:
            results[name] = result
    return sheet._replace(results=results)
