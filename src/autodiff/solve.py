"""One question and its answer: parse, build, differentiate, schedule, run.

    Problem ──compile──▶ Compiled (plan, names) ──run──▶ Answer

What is compiled depends on the text and on the *form* of the variables (shape, dtype, whether they want a gradient),
not on their values, and is kept for the next problem of the same form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff import ops as _operations  # noqa: F401  (registers them)
from autodiff.backward import gradients, initial_cotangent
from autodiff.errors import AutodiffError, Source
from autodiff.execute.run import Watch, evaluate, run
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import DType, dtype_of, float64, using_default_dtype
from autodiff.graph.evaluate import evaluating_with
from autodiff.graph.lookup import did_you_mean
from autodiff.graph.node import Node, placed
from autodiff.graph.primitive import convert, strengthen, variable
from autodiff.graph.shown import grad_fn
from autodiff.syntax.parse import parse
from autodiff.syntax.tree import Tree

DEFAULT_LIMIT_BYTES = 8 * 2**30
GRADIENT = " gradient"  # the feed that carries the weights of the result; no variable can be called that


class Leaf:
    """A variable's value; `requires_grad` None means: if it can."""

    __slots__ = ("array", "requires_grad")

    def __init__(self, array: np.ndarray, requires_grad: bool | None = None) -> None:
        self.array = array
        self.requires_grad = requires_grad


class Problem:
    """What is asked, in normal form.

    `saved` are the parts of the answer (`value`, `x.grad`) that `solve` will be given a place for.
    """

    __slots__ = (
        "backward", "dtype", "expr", "gradient", "let", "limit_bytes", "retain_grad", "saved", "variables", "wrt",
    )  # fmt: skip

    def __init__(
        self,
        expr: str,
        variables: Mapping[str, Leaf],
        *,
        let: Mapping[str, str] | None = None,
        wrt: Sequence[str] | None = None,
        gradient: np.ndarray | None = None,
        dtype: DType = float64,
        backward: bool = True,
        retain_grad: Sequence[str] = (),
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        saved: Sequence[str] = (),
    ) -> None:
        self.expr = expr
        self.variables = variables
        self.let = let or {}
        self.wrt = wrt
        self.gradient = gradient
        self.dtype = dtype
        self.backward = backward
        self.retain_grad = retain_grad
        self.limit_bytes = limit_bytes
        self.saved = saved

    def wants_grad(self, name: str) -> bool:
        """Whether variable `name` requires grad; raises for one that is asked to and cannot."""
        leaf = self.variables[name]
        floating = leaf.array.dtype.kind == "f"
        asked = leaf.requires_grad if self.wrt is None else name in self.wrt
        if asked and not floating:
            raise AutodiffError(
                "integer-gradient",
                "Only Tensors of floating point and complex dtype can require gradients",
                source=Source(f"vars.{name}", ""),
                help=f"{name} is {dtype_of(leaf.array).name}; write its numbers with a point, arange(3.) for arange(3)",
            )
        return floating if asked is None else asked


class Answer:
    """The value, as much of it as there is, and either gradients or an error.

    `grads` is None when backward did not run; a gradient is None where PyTorch leaves `.grad` None.
    """

    __slots__ = ("error", "grad_fn", "grads", "requires_grad", "value")

    def __init__(self) -> None:
        self.value: np.ndarray | None = None
        self.grad_fn: str | None = None
        self.requires_grad = False
        self.grads: dict[str, np.ndarray | None] | None = None
        self.error: AutodiffError | None = None


class Compiled:
    """A plan and what its outputs are: the value first, then the gradients that exist, by name."""

    __slots__ = ("depends_on_data", "error", "grad_fn", "names", "output", "plan", "wanted")

    def __init__(self, plan: Plan, output: Node, wanted: list[str], names: list[str]) -> None:
        self.plan = plan
        self.output = output
        self.grad_fn = grad_fn(output)
        self.wanted = wanted  # every name that gets a gradient, in order
        self.names = names  # those of them that a path leads to
        self.error: AutodiffError | None = None  # why there is no backward
        self.depends_on_data = False  # the plan holds for these values alone

    @property
    def parts(self) -> list[str]:
        """What the plan's outputs are called: the value, and the gradients that exist."""
        return parts(self.names)


def parts(names: Iterable[str]) -> list[str]:
    """What an answer with these gradients consists of, by number of the plan's output."""
    return ["value", *[f"{name}.grad" for name in names]]


class Graph:
    """The graph of a problem before backward: the result and the nodes that variables and sub-expressions stand for."""

    __slots__ = ("depends_on_data", "feeds", "lets", "output", "problem", "variables")

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.depends_on_data = False
        self.feeds: dict[str, np.ndarray] = {name: leaf.array for name, leaf in problem.variables.items()}
        self.variables: dict[str, Node] = {}
        self.lets: dict[str, Node] = {}
        for name, leaf in problem.variables.items():
            wants = problem.wants_grad(name)
            self.variables[name] = variable(name, leaf.array.shape, dtype_of(leaf.array), wants)
        scope: dict[str, Any] = dict(self.variables)
        builder = Builder(scope)
        with evaluating_with(self._evaluate):
            for name, text in problem.let.items():
                builder.pending = [later for later in problem.let if later not in scope]
                value = builder.build(parse(text, f"let.{name}"))
                scope[name] = value
                if isinstance(value, Node):
                    self.lets[name] = value
            tree = parsed(problem.expr)
            result = builder.tensor(tree)
            with placed(tree.span):
                self.output = strengthen(result, result.dtype)

    def _evaluate(self, node: Node) -> np.ndarray:
        self.depends_on_data = True
        return evaluate([node], self.feeds, self.problem.limit_bytes)[0]


_trees: dict[str, Tree] = {}
_compiled: dict[Any, Compiled] = {}
_KEPT = 256


def parsed(text: str) -> Tree:
    """The syntax tree of an expression; those of short ones are kept."""
    tree = _trees.get(text)
    if tree is None:
        tree = parse(text)
        if len(text) < 10_000:
            remember(_trees, text, tree)
    return tree


def remember(store: dict[Any, Any], key: Any, value: Any) -> None:
    if len(store) >= _KEPT:
        del store[next(iter(store))]
    store[key] = value


def form(problem: Problem) -> Any:
    """Everything that a compiled problem depends on."""
    return (
        problem.expr,
        tuple([(n, v.array.shape, v.array.dtype, problem.wants_grad(n)) for n, v in problem.variables.items()]),
        tuple(problem.let.items()),
        None if problem.gradient is None else (problem.gradient.shape, problem.gradient.dtype),
        problem.dtype,
        problem.backward,
        tuple(problem.retain_grad),
        problem.limit_bytes,
        tuple(problem.saved),
    )


def compile_problem(problem: Problem) -> Compiled:
    """The plan for a problem; raises what building raises."""
    check_names(problem)
    key = form(problem)
    found = _compiled.get(key)
    if found is not None:
        return found
    with using_default_dtype(problem.dtype):
        graph = Graph(problem)
        compiled = _plan(graph)
    compiled.depends_on_data = graph.depends_on_data
    if not graph.depends_on_data and len(problem.expr) < 10_000:
        remember(_compiled, key, compiled)
    return compiled


def check_names(problem: Problem) -> None:
    """Raise for `wrt` and `retain_grad` names that mean nothing."""
    for name in problem.wrt or ():
        if name not in problem.variables:
            raise AutodiffError(
                "unknown-wrt",
                f"cannot differentiate with respect to {name!r}: there is no such variable",
                type="ValueError",
                help=did_you_mean(name, list(problem.variables))
                or (["--retain-grad reports the gradient of a --let"] if name in problem.let else [])
                or (["the variables are " + ", ".join(problem.variables)] if problem.variables else []),
            )
    for name in problem.retain_grad:
        if name not in problem.let:
            raise AutodiffError(
                "unknown-wrt",
                f"cannot retain the gradient of {name!r}: there is no --let of that name",
                type="ValueError",
                help=[f"{name} is a variable, and --wrt {name} asks for its gradient"]
                if name in problem.variables
                else did_you_mean(name, list(problem.let)),
            )


def _plan(graph: Graph) -> Compiled:
    problem, output = graph.problem, graph.output
    wanted = {name: node for name, node in graph.variables.items() if node.requires_grad}
    if not problem.backward or not wanted:
        return Compiled(_scheduled(problem, {"value": output}), output, [], [])
    for retained in problem.retain_grad:
        node = graph.lets.get(retained)
        if node is None or not node.requires_grad:
            raise AutodiffError(
                "no-grad-path",
                "can't retain_grad on Tensor that has requires_grad=False",
                help=f"{retained} is a constant",
            )
        wanted[retained] = node
    try:
        weights = None
        if problem.gradient is not None:
            weights = variable(GRADIENT, problem.gradient.shape, dtype_of(problem.gradient), False)
            if weights.dtype is not output.dtype and output.requires_grad:
                weights = convert(weights, output.dtype)
        start = initial_cotangent(output, weights)
        grads = gradients([output], [start], list(wanted.values()))
    except AutodiffError as error:
        error.span = error.span or parsed(problem.expr).span
        compiled = Compiled(_scheduled(problem, {"value": output}), output, [], [])
        compiled.error = error
        return compiled
    reached = {n: g for n, g in zip(wanted, grads, strict=True) if g is not None}
    for name in wanted:
        if name not in reached and f"{name}.grad" in problem.saved:
            raise AutodiffError(
                "no-grad-path", f"{name}.grad is None and cannot be saved: the result does not depend on {name}"
            )
    plan = _scheduled(problem, dict(zip(parts(reached), [output, *reached.values()], strict=True)))
    return Compiled(plan, output, list(wanted), list(reached))


def _scheduled(problem: Problem, outputs: Mapping[str, Node]) -> Plan:
    """The plan for outputs, given by the parts of the answer that they are."""
    elsewhere = [number for number, part in enumerate(outputs) if part in problem.saved]
    return schedule(list(outputs.values()), problem.limit_bytes, elsewhere)


# Where a part of an answer goes: called with its name, shape and dtype, it returns an array to be filled.
Place = Callable[[str, tuple[int, ...], "np.dtype[Any]"], np.ndarray]


def solve(problem: Problem, place: Place | None = None, watch: Watch | None = None) -> Answer:
    """The answer to a problem; what the user did wrong is in it, beside the value if there is one.

    The parts in `problem.saved` are computed where `place` says; `watch` is told now and then how far it is.
    """
    answer = Answer()
    try:
        compiled = compile_problem(problem)
        feeds: dict[str, Any] = {name: leaf.array for name, leaf in problem.variables.items()}
        if problem.gradient is not None:
            feeds[GRADIENT] = problem.gradient
        answer.error = compiled.error
        targets = {} if place is None else _targets(problem, compiled, place)
        try:
            value, *arrays = run(compiled.plan, feeds, targets, watch)
        except AutodiffError as error:
            if not compiled.names:
                raise
            value = run(
                _scheduled(problem, {"value": compiled.output}), feeds, {i: targets[i] for i in targets if i == 0}
            )[0]
            answer.error = error
            arrays = []
        answer.value, answer.grad_fn, answer.requires_grad = value, compiled.grad_fn, compiled.output.requires_grad
        if compiled.wanted and answer.error is None:
            by_name = dict(zip(compiled.names, arrays, strict=True))
            answer.grads = {name: by_name.get(name) for name in compiled.wanted}
    except AutodiffError as error:
        answer.error = error
    return answer


def _targets(problem: Problem, compiled: Compiled, place: Place) -> dict[int, np.ndarray]:
    plan = compiled.plan
    outputs = zip(compiled.parts, plan.shapes, plan.outputs, strict=True)
    return {
        number: place(part, shape, dtype.numpy)
        for number, (part, shape, (_, dtype)) in enumerate(outputs)
        if part in problem.saved
    }


__all__ = ["Answer", "Graph", "Leaf", "Problem", "solve"]
