"""Results that are computed where they are wanted, what counts as memory, and word of how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
import pytest

from autodiff.errors import AutodiffError
from autodiff.execute import tiles
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan, made_in_loops, schedule
from autodiff.graph.dtypes import dtype_of
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import variable
from autodiff.solve import Answer, Leaf, Problem, _compiled, solve


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tiles, "SMALLEST", 8)
    monkeypatch.setattr(tiles, "TILE", 5)
    _compiled.clear()
    yield
    _compiled.clear()


def leaf(*shape: int) -> tuple[Node, np.ndarray]:
    array = np.random.default_rng(0).uniform(0.5, 2.0, shape)
    return variable("x", shape, dtype_of(array), True), array


def filled(plan: Plan, array: np.ndarray, *numbers: int) -> list[np.ndarray]:
    """The outputs of the plan, those numbers in arrays of ours; holds them to what the plan gives without."""
    expected = run(plan, {"x": array})
    targets = {i: np.full(expected[i].shape, 7, expected[i].dtype) for i in numbers}
    got = run(plan, {"x": array}, targets)
    for i, (a, b) in enumerate(zip(expected, got, strict=True)):
        np.testing.assert_array_equal(a, b)
        assert i not in targets or np.shares_memory(b, targets[i])
    for i in numbers:
        np.testing.assert_array_equal(targets[i], expected[i])
    return got


@pytest.mark.parametrize("shape", [(20,), (4, 5), (3, 4, 10)])
def test_a_loop_writes_where_it_is_told(shape: tuple[int, ...]) -> None:
    x, array = leaf(*shape)
    plan = schedule([ops.exp(x), ops.sum(x * 2), ops.sin(x) * 2])
    assert list(made_in_loops(plan, [0, 1, 2]).values()) == [0, 1, 2]
    filled(plan, array, 0, 1, 2)
    filled(plan, array, 2)


def test_the_loop_allocates_no_result_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    x, array = leaf(4, 5)
    plan = schedule([ops.exp(x) * 2])
    made: list[int] = []
    empty = np.empty

    def counted(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        made.append(prod(shape))
        return empty(shape, dtype)

    monkeypatch.setattr(np, "empty", counted)
    filled(plan, array, 0)
    assert made.count(20) == 1  # for the run without a target
    assert max(size for size in made if size != 20) <= 5


def test_transposed_inputs() -> None:
    x, array = leaf(4, 5)
    filled(schedule([ops.exp(x) * 2]), np.ascontiguousarray(array.T).T, 0)


def test_another_shape_of_what_a_loop_made() -> None:
    x, array = leaf(4, 5)
    y = ops.exp(x) * 2
    plan = schedule([ops.reshape(ops.unsqueeze(y, 0), (2, 10)), y])
    assert list(made_in_loops(plan, [0]).values()) == [0]
    filled(plan, array, 0)
    filled(plan, array, 0, 1)


def test_what_no_loop_makes_is_copied() -> None:
    x, array = leaf(4, 5)
    y = ops.exp(x)
    plan = schedule(
        [ops.cumsum(y, 0), y @ ops.transpose(y, 0, 1), x, ops.transpose(y, 0, 1), ops.expand(ops.sum(x), (4, 5))]
    )
    assert set(made_in_loops(plan, range(4)).values()) <= {3}
    filled(plan, array, 0, 1, 2, 3, 4)


def test_one_result_in_two_places() -> None:
    x, array = leaf(20)
    y = x * 2
    filled(schedule([y, y]), array, 0, 1)


def test_a_filled_result_is_read_by_later_loops() -> None:
    x, array = leaf(4, 5)
    y = ops.exp(x)
    filled(schedule([y, y / ops.sum(y), ops.mean(y * 3)]), array, 0, 1, 2)


def test_small_plans_have_targets_too() -> None:
    x, array = leaf(3)
    filled(schedule([x * 2, ops.sum(x), x]), array, 0, 1, 2)


# What counts


def limited(expr: str, array: np.ndarray, limit: int, *saved: str) -> Answer:
    problem = Problem(expr, {"x": Leaf(array)}, limit_bytes=limit, saved=saved)
    return solve(problem, lambda part, shape, dtype: np.empty(shape, dtype))


def test_only_what_is_kept_counts() -> None:
    array = np.ones(100)
    refused = limited("mean(2*(x+1)^2)", array, 799)
    assert refused.error is not None
    assert refused.error.code == "limit-size"
    assert any("--save x.grad=" in help for help in refused.error.help)
    assert limited("mean(2*(x+1)^2)", array, 800).error is None
    saved = limited("mean(2*(x+1)^2)", array, 10, "x.grad")
    assert saved.error is None
    assert saved.grads is not None
    assert saved.grads["x"] is not None
    np.testing.assert_allclose(saved.grads["x"], np.full(100, 0.08))
    assert limited("mean(2*(x+1)^2)", array, 10).error is not None  # the plan for the file is another


@pytest.mark.parametrize("expr", ["sum(cumsum(x.view(10, 10), 0))", "sum(zeros(1000) * 2) * sum(x)", "x[x > 0].sum()"])
def test_what_a_loop_cannot_do_counts_still(expr: str) -> None:
    answer = limited(expr, np.ones(100), 200, "x.grad")
    assert answer.error is not None
    assert answer.error.code == "limit-size"


def test_a_row_counts_where_loops_work_on_rows() -> None:
    assert limited("sum(softmax(x.view(10, 10), 1)[0])", np.ones(100), 80, "x.grad").error is not None  # its gradient
    x, _ = leaf(10, 10)
    output = ops.sum(ops.softmax(x, 1) * 2)
    schedule([output], limit_bytes=80)
    with pytest.raises(AutodiffError, match="more than the limit"):
        schedule([output], limit_bytes=79)


def test_an_error_of_backward_leaves_the_saved_value() -> None:
    places: dict[str, np.ndarray] = {}

    def place(part: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        places[part] = np.zeros(shape, dtype)
        return places[part]

    answer = solve(Problem("x * 2", {"x": Leaf(np.ones(20))}, saved=["value", "x.grad"]), place)
    assert answer.error is not None
    assert answer.error.code == "non-scalar-output"
    assert list(places) == ["value"]
    assert places["value"].tolist() == [2.0] * 20


# How far it is


def test_word_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "WATCHED", 2)
    x, array = leaf(40)
    told: list[float] = []
    run(schedule([ops.sum((x - ops.mean(x)) ** 2)]), {"x": array}, watch=told.append)
    assert told == [0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875]  # two loops of eight tiles
