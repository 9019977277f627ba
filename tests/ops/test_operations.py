"""What every registered operation is held to, by being registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autodiff.backward import gradients
from autodiff.execute.run import evaluate, run
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.dtypes import dtype_of, float32, float64
from autodiff.graph.node import Node, ancestors
from autodiff.graph.op import REGISTRY, Operation, ops
from autodiff.graph.primitive import PRIMITIVES, constant, variable
from autodiff.solve import Graph, Leaf, Problem, solve
from ops.samples import Sample, samples

SAMPLES = samples()
OPERATIONS = list(dict.fromkeys(REGISTRY.values()))
WIDENING = ("double", "float_power")  # these are float64 by definition
Function = Callable[[dict[str, np.ndarray]], float]


def by_text(sample: Sample) -> str:
    return str(sample.text)


def by_name(operation: Operation) -> str:
    return str(operation.name)


def directional(function: Function, point: dict[str, np.ndarray], along: dict[str, np.ndarray]) -> float:
    """The derivative of `function` along a direction, by central differences extrapolated once (Richardson)."""

    def slope(h: float) -> float:
        ahead = function({name: value + h * along[name] for name, value in point.items()})
        behind = function({name: value - h * along[name] for name, value in point.items()})
        return (ahead - behind) / (2 * h)

    h = 1e-4
    return (4 * slope(h / 2) - slope(h)) / 3


def check_gradient(
    output: Node, leaves: list[Node], point: dict[str, np.ndarray], random: np.random.Generator
) -> Node | None:
    """Hold the gradient of a scalar node to differences; returns a random combination of its elements."""
    grads = gradients([output], [ops.ones_like(output)], leaves)
    present = [(leaf, g) for leaf, g in zip(leaves, grads, strict=True) if g is not None]
    names = {leaf: leaf.params[0] for leaf in leaves}
    along = {names[leaf]: random.uniform(-1, 1, np.shape(point[names[leaf]])) for leaf in leaves}
    plan = schedule([output])

    def function(values: dict[str, np.ndarray]) -> float:
        return float(run(plan, values)[0])

    arrays = evaluate([g for _, g in present], point) if present else []
    analytic = sum(float(np.sum(array * along[names[leaf]])) for (leaf, _), array in zip(present, arrays, strict=True))
    np.testing.assert_allclose(analytic, directional(function, point, along), rtol=2e-6, atol=2e-7)
    combined: Node | None = None
    for _, g in present:
        term = ops.sum(g * constant(random.uniform(-1, 1, evaluate([g], point)[0].shape)))
        combined = term if combined is None else combined + term
    return combined


@pytest.mark.parametrize("sample", SAMPLES, ids=by_text)
def test_gradients_to_second_order(sample: Sample) -> None:
    graph = Graph(Problem(sample.expr, sample.variables))
    output = graph.output
    if not output.requires_grad:
        pytest.skip("not differentiable")
    point = {name: leaf.array for name, leaf in sample.variables.items()}
    leaves = list(graph.variables.values())
    shape = evaluate([output], point)[0].shape
    scalar = ops.sum(output * constant(sample.random.uniform(-1, 1, shape)))
    first = check_gradient(scalar, leaves, point, sample.random)
    if first is not None and first.requires_grad:
        check_gradient(first, leaves, point, sample.random)


@pytest.mark.parametrize("sample", SAMPLES, ids=by_text)
def test_declared_shape_and_dtype_are_the_computed_ones(sample: Sample) -> None:
    graph = Graph(Problem(sample.expr, sample.variables))
    nodes = [graph.output]
    if graph.output.requires_grad:
        found = gradients(nodes, [ops.ones_like(graph.output)], list(graph.variables.values()))
        nodes += [g for g in found if g is not None]
    point = {name: leaf.array for name, leaf in sample.variables.items()}
    shown = [node for node in ancestors(nodes) if not node.weak and node.results is None]
    for node, value in zip(shown, raw_values(schedule(shown), point), strict=True):
        assert value.shape == node.shape, node
        assert dtype_of(value) is node.dtype, node


def raw_values(plan: Plan, point: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Values of a plan's outputs before they are made arrays of the declared dtype."""
    slots: list[Any] = [None] * plan.size
    for slot, value in plan.known:
        slots[slot] = value
    for slot, node in plan.feeds:
        slots[slot] = point[node.params[0]]
    with np.errstate(all="ignore"):
        for step in plan.steps:
            slots[step.out] = step.kernel(*[slots[i] for i in step.inputs], *step.params)
    return [np.asarray(slots[slot]) for slot, _ in plan.outputs]


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.operation.name not in WIDENING], ids=by_text)
def test_float32_stays_float32(sample: Sample) -> None:
    leaves = {name: Leaf(leaf.array.astype(np.float32)) for name, leaf in sample.variables.items()}
    answer = solve(Problem(sample.expr, leaves, dtype=float32, backward=False))
    assert answer.error is None
    assert answer.value is not None
    assert answer.value.dtype != np.float64


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.example], ids=by_name)
def test_example_runs(operation: Operation) -> None:
    answer = solve(Problem(operation.example, {}))
    assert answer.error is None, answer.error


@pytest.mark.parametrize("operation", OPERATIONS, ids=by_name)
def test_is_documented(operation: Operation) -> None:
    assert operation.doc.endswith(".")
    assert operation.example, "an operation has a runnable example"


def test_every_differentiable_primitive_is_sampled() -> None:
    reached = set()
    for sample in SAMPLES:
        graph = Graph(Problem(sample.expr, sample.variables))
        nodes = [graph.output]
        for _ in range(2):  # the operations of first and of second derivatives
            leading = [node for node in nodes if node.requires_grad]
            if leading:
                found = gradients(leading, [ops.ones_like(node) for node in leading], list(graph.variables.values()))
                nodes = [*nodes, *[g for g in found if g is not None]]
        reached |= {node.op for node in ancestors(nodes)}
    missing = [op.signature_text for op in PRIMITIVES if op.differentiable and op not in reached]
    assert not missing


def test_variables_are_leaves() -> None:
    x = variable("x", (2,), float64, True)
    assert gradients([x], [ops.ones_like(x)], [x])[0] is not None
