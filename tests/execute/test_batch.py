"""Stacked rows come to what each row comes to alone, to the bit, however they are stacked."""

from __future__ import annotations

import numpy as np
import pytest

from autodiff import solve
from autodiff.execute.batch import batch
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan
from autodiff.graph import values
from autodiff.graph.dtypes import float64
from autodiff.graph.sizes import concrete
from conftest import golden
from ops.samples import Sample, samples

ROWS = 5


def check(plan: Plan, feeds: dict[str, np.ndarray]) -> None:
    stacked = batch(plan)
    if stacked is None:
        pytest.skip("a plain number depends on data")
    together = stacked.run(feeds, ROWS)
    halves = [stacked.run({k: v[part] for k, v in feeds.items()}, n) for part, n in ((slice(2), 2), (slice(2, 5), 3))]
    for row in range(ROWS):
        alone = run(plan, {name: array[row] for name, array in feeds.items()})
        half = halves[row >= 2]
        for all_rows, some_rows, single in zip(together, half, alone, strict=True):
            same(all_rows[row], single)
            same(some_rows[row - 2 * (row >= 2)], single)


def same(a: np.ndarray, b: np.ndarray) -> None:
    """Equal to the bit, but for which NaN it is."""
    np.testing.assert_array_equal(a, b)
    if np.asarray(b).dtype.kind == "f":
        number = ~np.isnan(b)
        np.testing.assert_array_equal(np.signbit(a)[number], np.signbit(b)[number])


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: str(sample.text))
def test_every_operation(sample: Sample) -> None:
    graph_problem = solve.Problem(sample.expr, sample.variables)
    weights = np.ones(concrete(solve.Graph(graph_problem).output.shape))
    asked = solve.Problem(sample.expr, sample.variables, gradient=weights)
    compiled = solve.compile_problem(asked)
    if compiled.depends_on_data:
        pytest.skip("planned anew for each row")
    rows = [Sample(sample.operation, sample.text).variables, *[moved(sample, i) for i in range(1, ROWS)]]
    feeds = {name: np.stack([row[name].array for row in rows]) for name in sample.variables}
    feeds[solve.GRADIENT] = np.stack([weights] * ROWS)
    check(compiled.plan, feeds)


def moved(sample: Sample, i: int) -> dict[str, solve.Leaf]:
    """The sample's variables a little elsewhere, within their domains."""
    return {name: solve.Leaf(leaf.array * (1 - 0.01 * i)) for name, leaf in sample.variables.items()}


def test_recorded_expressions() -> None:
    for case in golden("composed")[::10]:
        request = case["request"]
        leaves = {name: solve.Leaf(values.array(data, float64)) for name, data in request["vars"].items()}
        gradient = values.array(request["gradient"], float64) if "gradient" in request else None
        compiled = solve.compile_problem(solve.Problem(request["expr"], leaves, gradient=gradient))
        feeds = {name: np.stack([leaf.array * (1 + 0.1 * i) for i in range(ROWS)]) for name, leaf in leaves.items()}
        if gradient is not None:
            feeds[solve.GRADIENT] = np.stack([gradient] * ROWS)
        check(compiled.plan, feeds)


def test_constant_outputs_are_there_for_every_row() -> None:
    compiled = solve.compile_problem(solve.Problem("sum(x)", {"x": solve.Leaf(np.ones(3))}))
    stacked = batch(compiled.plan)
    assert stacked is not None
    value, gradient = stacked.run({"x": np.zeros((4, 3))}, 4)
    assert value.shape == (4,)
    assert gradient.shape == (4, 3)
    assert (gradient == 1).all()
