"""Whole derivatives, and products with them: what `torch.autograd.functional` has, by transforming graphs.

    jacobian   backward from a cotangent that is fed: one plan, run for every one-hot cotangent, many of them stacked
    hessian    the Jacobian of the gradient
    vjp        backward from the weights that are given
    jvp        backward is linear in its cotangent, so backward of backward, from the tangents, is the way forward
    hvp        backward of the gradient, from the tangents

    Problem ──program──▶ Program (plans, what their outputs are) ──run──▶ Derivatives

Where no path leads, derivatives are zero (PyTorch's `strict=False`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.backward import gradients
from autodiff.errors import AutodiffError, Source
from autodiff.execute.batch import batch
from autodiff.execute.failures import overflow
from autodiff.execute.run import evaluate, run
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.dtypes import DType, dtype_of, using_default_dtype
from autodiff.graph.lookup import did_you_mean
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import convert, variable
from autodiff.graph.shown import grad_fn
from autodiff.graph.sizes import concrete, numel, show, size_text
from autodiff.solve import Graph, Problem, check_names, form, parsed, remember

# Which derivative: (x,) for the Jacobian for x, (x, y) for a block of the Hessian, () for a jvp.
Key = tuple[str, ...]
Tangents = Mapping[str, np.ndarray]

STACKED = 2**20  # elements of the largest operand of a stack
_COTANGENT = " cotangent"  # feeds; no variable can be called that
_TANGENT = " tangent "


class Derivatives:
    """The value, as much of it as there is, and either derivatives or an error."""

    __slots__ = ("error", "grad_fn", "parts", "requires_grad", "value")

    def __init__(self) -> None:
        self.value: np.ndarray | None = None
        self.grad_fn: str | None = None
        self.requires_grad = False
        self.parts: dict[Key, np.ndarray] | None = None
        self.error: AutodiffError | None = None


class Rows:
    """A plan for one row of Jacobians at a time: its outputs are the derivatives of <cotangent, a node>."""

    __slots__ = ("cotangent", "keys", "plan")

    def __init__(self, plan: Plan, cotangent: Node, keys: list[Key]) -> None:
        self.plan = plan
        self.cotangent = cotangent
        self.keys = keys


class Program:
    """What is compiled: the plan for the value and for what comes at once, and the plans that give row by row."""

    __slots__ = ("depends_on_data", "error", "keys", "output", "plan", "rows", "wanted")

    def __init__(self, output: Node, limit_bytes: int) -> None:
        self.output = output
        self.plan = schedule([output], limit_bytes)
        self.keys: list[Key] = []  # of the plan's outputs after the value
        self.rows: list[Rows] = []
        self.wanted: dict[Key, tuple[tuple[int, ...], DType]] = {}  # shape and dtype of every part
        self.error: AutodiffError | None = None  # why there are no derivatives
        self.depends_on_data = False


def jacobian(problem: Problem) -> Derivatives:
    """The Jacobian for each variable x, of shape [*result, *x]."""
    return _answer("jacobian", problem, {}, _jacobian)


def hessian(problem: Problem) -> Derivatives:
    """The second derivatives of a result of one element: for each pair a block of shape [*x, *y]."""
    return _answer("hessian", problem, {}, _hessian)


def jvp(problem: Problem, tangents: Tangents) -> Derivatives:
    """The derivative of the result along tangents, of the result's shape: the Jacobian times the tangents."""
    return _answer("jvp", problem, tangents, _jvp)


def vjp(problem: Problem) -> Derivatives:
    """The gradients of a result whose elements are weighed by `problem.gradient`: the weights times the Jacobian."""
    return _answer("vjp", problem, {}, _vjp)


def hvp(problem: Problem, tangents: Tangents) -> Derivatives:
    """The Hessian of a result of one element, times tangents: for each variable an array of its shape."""
    return _answer("hvp", problem, tangents, _hvp)


# From a problem to an answer

Fill = Callable[[Program, Graph, dict[str, Node]], None]
_programs: dict[Any, Program] = {}


def _answer(kind: str, problem: Problem, tangents: Tangents, fill: Fill) -> Derivatives:
    found = Derivatives()
    try:
        check_names(problem)
        feeds = {name: leaf.array for name, leaf in problem.variables.items()}
        if kind in ("jvp", "hvp"):
            feeds |= _directions(problem, tangents)
        if kind == "vjp" and problem.gradient is not None:
            feeds[_COTANGENT] = problem.gradient
        program = _program(kind, problem, fill)
        output = program.output
        if kind == "jvp":
            # The result does not depend on it; where a rule reads its value all the same, PyTorch has zeros.
            feeds[_COTANGENT] = np.zeros(concrete(output.shape), output.dtype.numpy)
        failed = program.error
        try:
            found.value, *arrays = run(program.plan, feeds)
        except AutodiffError as error:
            if not program.keys:
                raise
            found.value, failed = evaluate([output], feeds, problem.limit_bytes)[0], error
        found.grad_fn, found.requires_grad = grad_fn(output), output.requires_grad
        if failed is not None:
            raise failed
        parts = dict(zip(program.keys, arrays, strict=True))
        for rows in program.rows:
            parts |= _all_rows(rows, feeds)
        found.parts = {}
        for key, (shape, dtype) in program.wanted.items():
            part = parts.get(key)
            found.parts[key] = np.zeros(shape, dtype.numpy) if part is None else part.reshape(shape)
    except AutodiffError as error:
        found.error = error
    return found


def _program(kind: str, problem: Problem, fill: Fill) -> Program:
    """The program for a problem; that of an earlier problem of the same form if there was one."""
    key = (kind, form(problem))
    program = _programs.get(key)
    if program is not None:
        return program
    with using_default_dtype(problem.dtype):
        graph = Graph(problem)
        program = Program(graph.output, problem.limit_bytes)
        program.depends_on_data = graph.depends_on_data
        try:
            fill(program, graph, {name: node for name, node in graph.variables.items() if node.requires_grad})
        except AutodiffError as error:
            error.span = error.span or parsed(problem.expr).span
            program = Program(graph.output, problem.limit_bytes)
            program.error = error
    if not graph.depends_on_data and len(problem.expr) < 10_000:
        remember(_programs, key, program)
    return program


# What each of them asks of the graph


def _jacobian(program: Program, graph: Graph, variables: dict[str, Node]) -> None:
    output = graph.output
    for name, node in variables.items():
        _want(program, (name,), output, node, dtype=node.dtype)
    _add_rows(program, graph, (), output, variables)


def _hessian(program: Program, graph: Graph, variables: dict[str, Node]) -> None:
    first = _gradient("hessian", graph, variables)
    for name, node in variables.items():
        for other, second in variables.items():
            _want(program, (name, other), node, second, dtype=second.dtype)
        if name in first:
            _add_rows(program, graph, (name,), first[name], variables)


def _jvp(program: Program, graph: Graph, variables: dict[str, Node]) -> None:
    output = graph.output
    if not output.dtype.is_floating:
        raise AutodiffError(
            "integer-gradient",
            "Only Tensors of floating point and complex dtype can require gradients",
            says=f"this is {output.dtype.name}",
        )
    _want(program, (), output)
    cotangent = variable(_COTANGENT, output.shape, output.dtype, True)
    pulled = _reached(output, cotangent, variables)
    tangents = [_tangent(name, variables[name]) for name in pulled]
    along = gradients(list(pulled.values()), tangents, [cotangent])[0]
    if along is not None:
        _schedule(program, graph, {(): along})


def _vjp(program: Program, graph: Graph, variables: dict[str, Node]) -> None:
    output, weights = graph.output, graph.problem.gradient
    for name, node in variables.items():
        _want(program, (name,), node)
    if weights is None:
        if numel(output.shape) != 1:
            message = "The vector v can only be None if the user-provided function returns a single Tensor with a"
            raise AutodiffError(
                "non-scalar-output", f"{message} single element.", says=f"this has shape {show(output.shape)}"
            )
        start = ops.ones_like(output) if output.requires_grad else None
    else:
        if weights.shape != output.shape:
            raise AutodiffError(
                "gradient-shape",
                _size_message("", output.shape, weights.shape),
                says=f"this has shape {show(output.shape)}",
                help=f"v weighs the elements of the result one by one: give it the shape {show(output.shape)}",
            )
        start = variable(_COTANGENT, output.shape, dtype_of(weights), False)
        if start.dtype is not output.dtype and output.requires_grad:
            start = convert(start, output.dtype)
    if start is not None:
        pulled = _reached(output, start, variables)
        _schedule(program, graph, {(name,): node for name, node in pulled.items()})


def _hvp(program: Program, graph: Graph, variables: dict[str, Node]) -> None:
    for name, node in variables.items():
        _want(program, (name,), node)
    first = _gradient("hvp", graph, variables)
    tangents = [_tangent(name, variables[name]) for name in first]
    found = gradients(list(first.values()), tangents, list(variables.values()))
    reached: dict[Key, Node] = {(name,): node for name, node in zip(variables, found, strict=True) if node is not None}
    _schedule(program, graph, reached)


def _want(program: Program, key: Key, *nodes: Node, dtype: DType | None = None) -> None:
    shape = tuple([size for node in nodes for size in concrete(node.shape)])
    program.wanted[key] = shape, dtype or nodes[0].dtype


def _gradient(function: str, graph: Graph, variables: dict[str, Node]) -> dict[str, Node]:
    """The gradient of a result of one element; raises PyTorch's error for any other."""
    output = graph.output
    if numel(output.shape) != 1:
        raise AutodiffError(
            "non-scalar-output",
            f"The Tensor returned by the function given to {function} should contain a single element",
            says=f"this has shape {show(output.shape)}",
            help="make it a scalar with sum(…) or mean(…), or choose one element with [i]",
        )
    return _reached(output, ops.ones_like(output), variables)


def _reached(output: Node, cotangent: Node, variables: dict[str, Node]) -> dict[str, Node]:
    """The gradients of those variables that a path leads to."""
    if not output.requires_grad:
        return {}
    found = gradients([output], [cotangent], list(variables.values()))
    return {name: node for name, node in zip(variables, found, strict=True) if node is not None}


def _tangent(name: str, node: Node) -> Node:
    return variable(_TANGENT + name, node.shape, node.dtype, False)


def _schedule(program: Program, graph: Graph, parts: Mapping[Key, Node]) -> None:
    program.plan = schedule([graph.output, *parts.values()], graph.problem.limit_bytes)
    program.keys = list(parts)


def _add_rows(program: Program, graph: Graph, prefix: Key, output: Node, variables: dict[str, Node]) -> None:
    limit = graph.problem.limit_bytes
    for shape, dtype in program.wanted.values():
        _check_size(shape, dtype, limit)
    cotangent = variable(_COTANGENT, output.shape, output.dtype, False)
    pulled = _reached(output, cotangent, variables)
    if pulled:
        plan = schedule(list(pulled.values()), limit)
        program.rows.append(Rows(plan, cotangent, [(*prefix, name) for name in pulled]))


def _check_size(shape: tuple[int, ...], dtype: DType, limit_bytes: int) -> None:
    total = dtype.size
    for size in shape:
        total *= size
    if total > limit_bytes:
        raise AutodiffError(
            "limit-size",
            f"all derivatives, of shape {show(shape)}, would take {total / 2**30:.1f} GiB,"
            f" more than the limit of {limit_bytes / 2**30:.1f} GiB",
            type="MemoryError",
            help=["--limit-size raises the limit", "products with tangents (jvp, hvp) or weights (vjp) stay small"],
        )


# Tangents


def _directions(problem: Problem, tangents: Tangents) -> dict[str, np.ndarray]:
    """What to feed for the tangents; raises PyTorch's errors for those that are missing or of another shape."""
    wanted = [name for name in problem.variables if problem.wants_grad(name)]
    for name in tangents:
        if name not in wanted:
            known = name in problem.variables
            raise AutodiffError(
                "unknown-wrt",
                f"{name!r} cannot have a tangent: {'it takes no gradient' if known else 'there is no such variable'}",
                type="ValueError",
                help=[]
                if known
                else did_you_mean(name, wanted) or [f"the variables are {', '.join(wanted)}"][: len(wanted)],
            )
    arrays = {name: problem.variables[name].array for name in wanted}
    given = {name: tangents[name] for name in wanted if name in tangents}
    if not given and len(wanted) == 1 and arrays[wanted[0]].size == 1:
        given = {wanted[0]: np.ones(arrays[wanted[0]].shape)}
    if len(given) < len(wanted):
        raise _missing([name for name in wanted if name not in given], len(given), len(wanted))
    for place, (name, tangent) in enumerate(given.items()):
        shape = arrays[name].shape
        if tangent.shape != shape:
            raise AutodiffError(
                "tangent-shape",
                _size_message(f"Entry {place} in " if len(wanted) > 1 else "", shape, tangent.shape),
                source=Source(f"tangents.{name}", ""),
                help=f"the tangent of {name} is a direction in which {name} moves: it has the shape {show(shape)}",
            )
    with np.errstate(all="ignore"):
        return {_TANGENT + name: tangent.astype(arrays[name].dtype) for name, tangent in given.items()}


def _missing(names: Sequence[str], given: int, wanted: int) -> AutodiffError:
    message = "The vector v can only be None if the input to the user-provided function is a single Tensor with a"
    return AutodiffError(
        "missing-tangent",
        f"v is a tuple of invalid length: should be {wanted} but got {given}."
        if given
        else f"{message} single element.",
        help=[
            "say in which direction the variables move: "
            + " ".join([f"--tangent {name}='…'" for name in names])
            + f" ({', '.join(names)} in tangents of a request)",
            "--wrt makes the others constants",
        ],
    )


def _size_message(before: str, wanted: Any, got: Any) -> str:
    return f"{before}v has invalid size: should be {size_text(wanted)} but got {size_text(got)}."


# Row by row


def _all_rows(rows: Rows, feeds: Mapping[str, np.ndarray]) -> dict[Key, np.ndarray]:
    """The rows of the plan's Jacobians for every one-hot cotangent, stacked along a leading axis."""
    plan = _settled(rows.plan, rows.cotangent, feeds)
    shape, dtype = concrete(rows.cotangent.shape), rows.cotangent.dtype.numpy
    count = prod(shape)
    results = [np.empty((count, *part), kind.numpy) for part, (_, kind) in zip(plan.shapes, plan.outputs, strict=True)]
    for first, stack in _one_hots(count, dtype, _stackable(plan)):
        cotangents = stack.reshape(len(stack), *shape)
        for result, part in zip(results, _run_stack(plan, cotangents), strict=True):
            result[first : first + len(stack)] = part
    return dict(zip(rows.keys, results, strict=True))


def _one_hots(count: int, dtype: Any, at_once: int) -> Iterator[tuple[int, np.ndarray]]:
    """Stretches of the rows of an identity matrix, each with the number of its first."""
    for first in range(0, count, at_once):
        stack = np.zeros((min(at_once, count - first), count), dtype)
        stack[np.arange(len(stack)), np.arange(first, first + len(stack))] = 1
        yield first, stack


def _stackable(plan: Plan) -> int:
    """How many rows to compute at once."""
    sizes = [prod(concrete(step.node.shape)) for step in plan.steps if step.node.results is None]
    return max(1, STACKED // max([1, *sizes]))


def _run_stack(plan: Plan, cotangents: np.ndarray) -> list[np.ndarray]:
    stacked = batch(plan) if len(cotangents) > 1 else None
    if stacked is not None:
        try:
            return stacked.run({_COTANGENT: cotangents}, len(cotangents))
        except (AutodiffError, ArithmeticError, MemoryError):
            pass  # again, row by row, for an error with its place
    one_by_one = [run(plan, {_COTANGENT: cotangent}) for cotangent in cotangents]
    return [np.stack(column) for column in zip(*one_by_one, strict=True)]


def _settled(plan: Plan, free: Node, feeds: Mapping[str, np.ndarray]) -> Plan:
    """The plan for one remaining feed: what does not depend on it is computed now, once for all rows."""
    rest = Plan()
    rest.size, rest.outputs, rest.shapes = plan.size, plan.outputs, plan.shapes
    rest.feeds = [(slot, node) for slot, node in plan.feeds if node is free]
    varying = {slot for slot, _ in rest.feeds}
    values: dict[int, Any] = dict(plan.known)
    values |= {slot: feeds[node.params[0]] for slot, node in plan.feeds if node is not free}
    with np.errstate(all="ignore"):
        for step in plan.steps:
            made = (step.out,) if step.outs is None else step.outs
            if varying.intersection(step.inputs):
                rest.steps.append(step)
                varying.update(made)
                continue
            try:
                result = step.kernel(*[values[i] for i in step.inputs], *step.params)
            except AutodiffError as error:
                error.span = error.span or step.node.span
                raise
            except OverflowError as error:
                raise overflow(step.node) from error
            values |= zip(made, [result] if step.outs is None else result, strict=True)
    needed = {slot for step in rest.steps for slot in step.inputs} | {slot for slot, _ in rest.outputs}
    rest.known = [(slot, value) for slot, value in values.items() if slot in needed]
    return rest
