"""Plans: what is shared, what is known beforehand, when results are given free, and which limits hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.backward import gradients
from autodiff.errors import AutodiffError
from autodiff.execute.run import evaluate, run
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.dtypes import dtype_of, float32, using_default_dtype
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import broadcast_to, constant, number, variable
from autodiff.ops.arithmetic import RSUB
from autodiff.solve import Graph, Leaf, Problem, solve


def leaf(*shape: int, name: str = "x", dtype: Any = np.float64) -> Node:
    return variable(name, shape, dtype_of(np.zeros(0, dtype)), np.dtype(dtype).kind == "f")


def kernels(plan: Plan) -> list[str]:
    return [step.node.op.name for step in plan.steps]


def value(expr: str, **variables: Any) -> np.ndarray:
    leaves = {name: Leaf(np.asarray(v)) for name, v in variables.items()}
    answer = solve(Problem(expr, leaves, backward=False))
    assert answer.error is None, answer.error
    assert answer.value is not None
    return answer.value


# Sharing


def test_equal_computations_happen_once() -> None:
    x = leaf(3)
    plan = schedule([ops.exp(x + 1) * ops.exp(x + 1), ops.exp(x + 1)])
    assert kernels(plan) == ["add", "exp", "mul"]
    (slot,) = [step.out for step in plan.steps if step.node.op.name == "exp"]
    assert plan.outputs[1][0] == slot


def test_forward_and_backward_share() -> None:
    x = leaf(3)
    y = ops.sum(ops.sin(x) + ops.cos(x))
    (g,) = gradients([y], [ops.ones_like(y)], [x])
    assert g is not None
    assert kernels(schedule([y, g])).count("cos") == kernels(schedule([y, g])).count("sin") == 1


def test_other_parameters_are_other_computations() -> None:
    x = leaf(2, 3)
    assert kernels(schedule([ops.sum(x, 0), ops.sum(x, 1), ops.sum(x, 0, True)])) == ["sum", "sum", "sum"]


def test_numbers_of_another_type_are_not_shared() -> None:
    x = leaf(3, dtype=np.int64)
    plan = schedule([x * 2, x * 2.0, x * True])
    results = run(plan, {"x": np.array([1, 2, 3])})
    assert [r.dtype for r in results] == [np.int64, np.float64, np.int64]


@pytest.mark.parametrize("first", [0.0, -0.0])
def test_zeros_of_both_signs_are_not_shared(first: float) -> None:
    x = leaf(2)
    point = {"x": np.array([0.0, -0.0])}
    added = [ops.add(x, number(first)), ops.add(x, number(-first))]
    mirrored = [RSUB(x, first), RSUB(x, -first)]
    for nodes in (added, mirrored):
        for node, shared in zip(nodes, run(schedule(nodes), point), strict=True):
            np.testing.assert_array_equal(np.signbit(shared), np.signbit(evaluate([node], point)[0]))


def test_arrays_with_equal_values_are_not_compared() -> None:
    a, b = constant(np.zeros(3)), constant(np.zeros(3))
    assert len(schedule([a + 1, b + 1]).steps) == 2
    assert len(schedule([a + 1, a + 1]).steps) == 1


# What is known beforehand


def test_numel_and_numbers_are_folded() -> None:
    graph = Graph(Problem("x * (2 * 3 / numel(x))", {"x": Leaf(np.ones(4))}))
    plan = schedule([graph.output])
    assert kernels(plan) == ["mul"]
    assert run(plan, {"x": np.ones(4)})[0].tolist() == [1.5] * 4


def test_the_gradient_of_a_mean_divides_by_a_number() -> None:
    x = leaf(2, 5)
    y = ops.mean(x)
    (g,) = gradients([y], [ops.ones_like(y)], [x])
    assert g is not None
    plan = schedule([g])
    assert plan.feeds == []
    assert 10.0 in [v for _, v in plan.known if isinstance(v, float | int)]
    np.testing.assert_array_equal(run(plan, {})[0], np.full((2, 5), 0.1))


def test_numbers_do_not_promote() -> None:
    x = np.ones(3, np.float32)
    assert value("x * 2 + 0.5 - 1/3", x=x).dtype == np.float32
    assert value("x * numel(x)", x=x).dtype == np.float32
    assert value("x * x.sum().item()", x=x).dtype == np.float32
    large = np.array([1e30], np.float32)
    assert value("x * (x.sum().item() * 2) / 1e30", x=large) == np.inf  # float32 all the way
    assert value("n + 1", n=np.ones(3, np.int8)).dtype == np.int8
    assert value("n + 0.5", n=np.ones(3, np.int8)).dtype == np.float64


def test_a_number_that_the_data_decide_runs_with_the_rest() -> None:
    assert value("(x.sum().item() * 2 + 1) * x", x=np.array([1.0, 2.0])).tolist() == [7.0, 14.0]


# Factors of one


def test_a_factor_of_ones_is_left_out() -> None:
    x = leaf(2, 3)
    y = ops.sum(ops.exp(x))
    (g,) = gradients([y], [ops.ones_like(y)], [x])
    assert g is not None
    assert "mul" not in kernels(schedule([g]))
    special = np.array([[np.nan, -0.0, np.inf], [-np.inf, 1.0, 0.0]])
    ones = [ops.ones_like(x) * x, x * 1, x * ops.ones_like(x) * True]
    for result in evaluate(ones, {"x": special}):
        np.testing.assert_array_equal(result, special)
        np.testing.assert_array_equal(np.signbit(result[~np.isnan(special)]), np.signbit(special[~np.isnan(special)]))


def test_a_factor_of_ones_that_widens_stays() -> None:
    x, n = leaf(3), leaf(3, name="n", dtype=np.int64)
    point = {"x": np.array([1.5, 2.0, 3.0]), "n": np.array([1, 2, 3])}
    wide, floating, number_alone = evaluate([ops.ones([2, 3]) * x, n * 1.0, ops.ones([3]) * 2.5], point)
    assert number_alone.tolist() == [2.5] * 3
    assert wide.tolist() == [[1.5, 2.0, 3.0]] * 2
    assert floating.dtype == np.float64


def test_numbers_near_one_are_no_ones() -> None:
    x = leaf(2)
    results = evaluate([x * 1.5, x * -1, x * 0, ops.full([2], 2.0) * x], {"x": np.array([1.0, 2.0])})
    assert [r.tolist() for r in results] == [[1.5, 3.0], [-1.0, -2.0], [0.0, 0.0], [2.0, 4.0]]


# Giving free


def test_results_are_given_free_at_their_last_use() -> None:
    x = leaf(3)
    a = ops.exp(x)
    b = a * 2
    c = ops.sin(b) + a
    plan = schedule([c + 1, b])
    outputs = {slot for slot, _ in plan.outputs}
    last = {slot: i for i, step in enumerate(plan.steps) for slot in step.inputs}
    freed = [slot for step in plan.steps for slot in step.free]
    assert len(freed) == len(set(freed))
    assert outputs.isdisjoint(freed)
    assert set(freed) == set(last) - outputs
    for i, step in enumerate(plan.steps):
        assert all(last[slot] == i for slot in step.free)


def test_a_plan_runs_again() -> None:
    x = leaf(3)
    plan = schedule([ops.exp(x) * 2 + ops.exp(x)])
    point = {"x": np.array([0.0, 1.0, 2.0])}
    np.testing.assert_array_equal(run(plan, point)[0], run(plan, point)[0])


def test_an_output_asked_for_twice() -> None:
    x = leaf(2)
    y = x + 1
    a, b, c = run(schedule([y, x, y]), {"x": np.array([1.0, 2.0])})
    assert [a.tolist(), b.tolist(), c.tolist()] == [[2.0, 3.0], [1.0, 2.0], [2.0, 3.0]]


# Limits and failures


def test_results_over_the_limit_are_refused_with_their_place() -> None:
    expr = "1 + sum(zeros(1000, 1000) * 2)"
    answer = solve(Problem(expr, {}, limit_bytes=10**6))
    assert answer.error is not None
    assert (answer.error.code, answer.error.type) == ("limit-size", "MemoryError")
    assert answer.error.span is not None
    assert expr[answer.error.span.start : answer.error.span.end].startswith("zeros(1000, 1000)")
    assert solve(Problem(expr, {}, limit_bytes=8 * 10**6)).error is None


def test_a_view_is_no_new_memory() -> None:
    x = leaf(1)
    schedule([broadcast_to(x, (1000, 1000))], limit_bytes=1000)
    node = ops.sum(ops.expand(x, (1000, 1000)))
    assert evaluate([node], {"x": np.ones(1)}, limit_bytes=1000)[0] == 10**6
    with pytest.raises(AutodiffError, match="more than the limit"):
        schedule([node * 2 + ops.expand(x, (1000, 1000)) * 2], limit_bytes=1000)


def test_a_failing_kernel_has_a_place() -> None:
    expr = "n + (n // (n - 1))"
    answer = solve(Problem(expr, {"n": Leaf(np.array([1, 2]))}))
    assert answer.error is not None
    assert answer.error.span is not None
    assert expr[answer.error.span.start : answer.error.span.end] == "n // (n - 1)"


def test_outputs_have_the_declared_type() -> None:
    x = leaf(3, dtype=np.float32)
    results = evaluate([ops.sum(x), ops.mean(x), x > 1, ops.argmax(x), x * 2], {"x": np.ones(3, np.float32)})
    names = [r.dtype.name for r in results]
    assert names == ["float32", "float32", "bool", "int64", "float32"]
    with using_default_dtype(float32):
        assert evaluate([number(0.5)], {})[0].dtype == np.float32
