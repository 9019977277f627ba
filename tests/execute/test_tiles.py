"""Fused plans give the answers of plans that run node by node, whatever the sizes of tiles."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autodiff.backward import gradients
from autodiff.errors import AutodiffError
from autodiff.execute import tiles
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.dtypes import dtype_of
from autodiff.graph.node import Node
from autodiff.graph.op import REGISTRY, ops
from autodiff.graph.primitive import Fold, broadcast_to, convert, variable
from autodiff.ops.reduce import MEAN, SUM
from autodiff.solve import Graph, Leaf, Problem, _compiled, solve

HUGE = 1 << 60
Arrays = dict[str, np.ndarray]


@contextmanager
def tiling(smallest: int, tile: int) -> Iterator[None]:
    """Plans made inside fuse results of at least `smallest` elements into tiles of about `tile`."""
    before = tiles.SMALLEST, tiles.TILE
    tiles.SMALLEST, tiles.TILE = smallest, tile
    _compiled.clear()
    try:
        yield
    finally:
        tiles.SMALLEST, tiles.TILE = before
        _compiled.clear()


def leaves(arrays: Arrays) -> dict[str, Node]:
    return {name: variable(name, a.shape, dtype_of(a), a.dtype.kind == "f") for name, a in arrays.items()}


def loops(plan: Plan) -> list[tiles.Loop]:
    return [step.kernel for step in plan.steps if isinstance(step.kernel, tiles.Loop)]


def both_ways(
    outputs: Sequence[Node], arrays: Arrays, smallest: int = 8, tile: int = 5
) -> tuple[list[np.ndarray], list[np.ndarray], Plan]:
    """The outputs node by node, the same fused, and the fused plan."""
    with tiling(HUGE, tile):
        plain = schedule(outputs)
        assert not loops(plain)
        expected = run(plain, arrays)
    with tiling(smallest, tile):
        plan = schedule(outputs)
        return expected, run(plan, arrays), plan


def with_gradients(output: Node, wanted: Sequence[Node]) -> list[Node]:
    """A node and the gradients of its sum, as far as there are any."""
    if not output.requires_grad:
        return [output]
    total = ops.sum(output)
    found = gradients([total], [ops.ones_like(total)], list(wanted))
    return [output, *[g for g in found if g is not None]]


def assert_same_bits(expected: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> None:
    for a, b in zip(expected, got, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_array_equal(a, b)
        if a.dtype.kind == "f":
            numbers = ~np.isnan(a)
            np.testing.assert_array_equal(np.signbit(a)[numbers], np.signbit(b)[numbers])


def assert_close(expected: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> None:
    for a, b in zip(expected, got, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        bound = 1e-5 if a.dtype == np.float32 else 1e-11
        np.testing.assert_allclose(a, b, rtol=bound, atol=bound)


def check(build: Callable[..., Any], arrays: Arrays, smallest: int = 8, tile: int = 5, *, fused: bool = True) -> Plan:
    """Hold what `build(**leaves)` makes, and the gradients of the first output, to the node-by-node plan."""
    nodes = leaves(arrays)
    built = build(**nodes)
    outputs = built if isinstance(built, list) else [built]
    outputs = [*outputs, *with_gradients(outputs[0], list(nodes.values()))[1:]]
    expected, got, plan = both_ways(outputs, arrays, smallest, tile)
    assert_close(expected, got)
    assert bool(loops(plan)) == fused
    return plan


def floats(*shape: int, dtype: Any = np.float64, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.5, 2.0, shape).astype(dtype)


# Random graphs.  Sums are replaced by ones that do not depend on the order of the elements, so that every output is
# compared to the bit, however many reductions and comparisons it has gone through.


def exact(row: np.ndarray) -> float | int:
    if row.dtype.kind != "f":
        return int(row.sum(dtype=np.int64))
    try:
        return math.fsum(row.tolist())
    except (ValueError, OverflowError):
        return float(np.sum(np.sort(row.astype(np.float64))))


def exact_sum(x: Any, dim: tuple[int, ...], keepdim: bool, divide: bool = False) -> Any:
    x = np.asarray(x)
    rest = [d for d in range(-x.ndim, 0) if d not in dim]
    moved = np.transpose(x, [*rest, *dim])
    rows = moved.reshape(math.prod(moved.shape[: len(rest)]), -1)
    totals = [exact(row) / row.size if divide else exact(row) for row in rows]
    kept = [1 if d in dim else x.shape[d] for d in range(-x.ndim, 0)]
    result = np.array(totals, x.dtype if x.dtype.kind == "f" else np.int64).reshape(kept)
    return result if keepdim else np.squeeze(result, dim)


@contextmanager
def exact_sums() -> Iterator[None]:
    before = [(op, op.kernel, op.fold) for op in (SUM, MEAN)]
    pieces: tuple[Any, Any] = (np.ndarray.flatten, lambda parts: exact(np.concatenate(parts)))
    SUM.kernel, SUM.fold = exact_sum, Fold(*pieces)
    MEAN.kernel = lambda x, dim, keepdim: exact_sum(x, dim, keepdim, divide=True)
    MEAN.fold = Fold(*pieces, lambda total, count, *params: total / count)
    try:
        yield
    finally:
        for op, kernel, fold in before:
            op.kernel, op.fold = kernel, fold


SHAPES = [(1,), (11,), (16,), (1, 12), (12, 1), (4, 4), (3, 5), (7, 3), (2, 3, 4), (3, 1, 5), (1, 2, 9), (3, 3, 3)]
SPECIAL = (0.0, -0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 2.5, 1e-3)
UNARY = ("exp", "tanh", "sin", "abs", "sqrt", "neg", "square", "reciprocal", "isnan", "sign", "sigmoid", "relu")
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: ops.eq(a, b),
    "1-": lambda a, b: 1 - a,
    "^3": lambda a, b: a**3,
    "^1": lambda a, b: a**1,
    "2*": lambda a, b: 2 * a,
    "float32": lambda a, b: convert(a, dtype_of(np.float32(0))),
    "float64": lambda a, b: convert(a, dtype_of(np.float64(0))),
    "where": lambda a, b: ops.where(a > b, a, b),
}
REDUCTIONS: dict[str, Callable[[Node], Any]] = {
    "sum": lambda a: ops.sum(a),
    "mean": lambda a: ops.mean(a),
    "rows": lambda a: ops.sum(a, a.rank - 1, True),
    "rows, dim lost": lambda a: ops.sum(a, a.rank - 1),
    "row means": lambda a: ops.mean(a, a.rank - 1, True),
    "columns": lambda a: ops.sum(a, 0),
    "centred": lambda a: a - ops.mean(a),
    "normalised": lambda a: ops.exp(a) / ops.sum(ops.exp(a)),
    "variance": lambda a: ops.mean((a - ops.mean(a)) ** 2),
    "cumsum": lambda a: ops.cumsum(a, a.rank - 1),
    "argmax": lambda a: ops.argmax(a, a.rank - 1, True),
    "turned": lambda a: ops.transpose(a, 0, a.rank - 1),
}


@st.composite
def arrays_around(draw: st.DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    """An array that broadcasts to `shape`, of any type, contiguous or not."""
    kind = draw(st.sampled_from(["full", "full", "turned", "bias", "column", "row", "scalar", "single"]))
    own = {
        "bias": shape[-1:],
        "column": (*shape[:-1], 1),
        "row": (1, *shape[1:]),
        "scalar": (),
        "single": (1,) * len(shape),
    }.get(kind, shape)
    dtype = draw(st.sampled_from([np.float64, np.float64, np.float32, np.int64, np.bool_]))
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    values = random.uniform(-2, 2, own)
    if np.issubdtype(dtype, np.floating) and draw(st.booleans()):
        values = np.where(random.random(own) < 0.3, random.choice(SPECIAL, own), values)
    array: np.ndarray = np.asarray(values.astype(dtype))
    return np.ascontiguousarray(array.T).T if kind == "turned" else array


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Node], Arrays]:
    """Outputs and what feeds them."""
    shape = draw(st.sampled_from(SHAPES))
    arrays = {f"v{i}": draw(arrays_around(shape)) for i in range(draw(st.integers(1, 4)))}
    nodes = leaves(arrays)
    pool = list(nodes.values())
    for _ in range(draw(st.integers(2, 10))):
        a = pool[draw(st.integers(0, len(pool) - 1))]
        b = pool[draw(st.integers(0, len(pool) - 1))]
        family = draw(st.sampled_from(["unary", "binary", "binary", "binary", "reduction"]))
        try:
            if family == "unary":
                made = getattr(ops, draw(st.sampled_from(UNARY)))(a)
            elif family == "binary":
                made = BINARY[draw(st.sampled_from(sorted(BINARY)))](a, b)
            elif a.rank:
                made = REDUCTIONS[draw(st.sampled_from(sorted(REDUCTIONS)))](a)
            else:
                continue
        except AutodiffError:  # shapes or types that do not go together
            continue
        pool.append(made)
    outputs = [pool[-1], *[pool[draw(st.integers(0, len(pool) - 1))] for _ in range(draw(st.integers(0, 2)))]]
    if draw(st.booleans()):
        outputs += with_gradients(outputs[0], list(nodes.values()))[1:]
    return outputs, arrays


@settings(derandomize=True, deadline=None, max_examples=700, suppress_health_check=list(HealthCheck))
@given(graphs(), st.sampled_from([(8, 5), (8, 1), (2, 3), (1, 2), (4, 1000)]))
def test_random_graphs_to_the_bit(graph: tuple[list[Node], Arrays], sizes: tuple[int, int]) -> None:
    outputs, arrays = graph
    with exact_sums():
        expected, got, _ = both_ways(outputs, arrays, *sizes)
    assert_same_bits(expected, got)


# Every operation


def test_every_example_gives_the_same_in_tiles() -> None:
    fused = 0
    for operation in dict.fromkeys(REGISTRY.values()):
        if not operation.example:
            continue
        try:
            output = Graph(Problem(operation.example, {})).output
        except AutodiffError:
            continue
        (expected,), (got,), plan = both_ways([output], {}, 1, 2)
        fused += bool(loops(plan))
        assert expected.dtype == got.dtype, operation.example
        np.testing.assert_allclose(expected, got, rtol=1e-12, atol=1e-12, err_msg=operation.example)
    assert fused > 100


# What the loops have to take care of, one by one.


REDUCING = [
    "mean(2*(x+1)^2)",
    "x - mean(x)",
    "sum(exp(x) / sum(exp(x)) * x)",
    "mean((x - mean(x))^2)",
    "sum(softmax(x, 1) * x)",
    "log_softmax(x, -1)",
    "x / sqrt(sum(x^2, dim=1, keepdim=True) + 1)",
    "std(x) + var(x, dim=1)",
    "(x - mean(x, 1, True)) / std(x, dim=1, keepdim=True)",
    "amax(x) * x + amin(x*x)",
    "logsumexp(x, 1) * 2",
    "sum(x, dim=0) * x",
    "cumsum(x, 1) * max(x)",
    "sum((x @ x.T) * 2 + 1)",
    "sum(x * y) * y + sum(y, dim=1, keepdim=True)",
    "sum(where(x > mean(x), x, y))",
    "sum(sum(x*y, dim=1) * 2)",
]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("expr", REDUCING)
def test_reductions_agree_within_rounding(expr: str, dtype: Any) -> None:
    arrays = {"x": floats(9, 7, dtype=dtype), "y": floats(7, 9, dtype=dtype, seed=1).T}
    graph = Graph(Problem(expr, {name: Leaf(array) for name, array in arrays.items()}))
    outputs = with_gradients(graph.output, list(graph.variables.values()))
    expected, got, plan = both_ways(outputs, arrays)
    assert_close(expected, got)
    assert loops(plan)


def test_an_intermediate_that_is_its_operand_keeps_the_buffer() -> None:
    def build(x: Node) -> Any:
        same = (x + 1) ** 1  # its kernel returns its operand
        product = same * 3 * same  # same * 3 must not be written over same
        return product + ops.exp(product)

    arrays = {"x": floats(20)}
    (expected,), (got,), plan = both_ways([build(**leaves(arrays))], arrays)
    assert_same_bits([expected], [got])
    (loop,) = loops(plan)
    assert [call.node.op.name for call in loop.program].count("pow") == 1
    assert len(loop.buffers) == 2  # exp(…) gets the one that x + 1 had


def test_buffers_are_used_again() -> None:
    def build(x: Node) -> Node:
        for i in range(20):
            x = x * 2 + i
        return x

    plan = check(build, {"x": floats(20)})
    assert all(len(loop.buffers) == 1 for loop in loops(plan))


def test_what_is_summed_is_not_written_over() -> None:
    def build(x: Node) -> list[Node]:
        y = x + 1
        return [ops.sum(y), ops.sum(ops.exp(y)), ops.sum(ops.sin(y))]

    check(build, {"x": floats(20)})


def test_an_output_that_later_loops_use() -> None:
    def build(x: Node) -> list[Node]:
        y = ops.exp(x)
        return [y / ops.sum(y), y, y * 2 - ops.mean(y)]

    check(build, {"x": floats(4, 5)})


def test_what_is_the_same_everywhere_is_computed_once() -> None:
    def build(x: Node, s: Node) -> Any:
        return x * ops.exp(broadcast_to(s, x.shape) * 2)

    plan = check(build, {"x": floats(4, 5), "s": floats()})
    assert max(len(loop.uniform) for loop in loops(plan)) >= 3


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_outputs_that_are_the_same_everywhere(shape: tuple[int, ...]) -> None:
    def build(s: Node) -> list[Node]:
        wide = ops.exp(broadcast_to(s, (4, 5)))
        return [wide, wide * 2, ops.sum(wide), ops.sum(wide * 3, 1), broadcast_to(ops.sum(wide, 1, True), (4, 5))]

    check(build, {"s": floats(*shape)})


def test_one_row_is_not_the_same_everywhere() -> None:
    def build(x: Node) -> Any:
        return (x - ops.mean(x, 1, True)) * ops.prod(x, 1, True)

    check(build, {"x": floats(1, 20)})


@pytest.mark.parametrize("shape", [(5,), (4, 1), (1, 5), (1,)])
def test_reductions_of_a_broadcast(shape: tuple[int, ...]) -> None:
    def build(x: Node) -> list[Node]:
        wide = broadcast_to(x, (4, 5))
        return [ops.sum(wide), ops.mean(wide, 1), ops.amax(wide), ops.cumsum(wide, 1), wide + 1]

    check(build, {"x": floats(*shape)})


def test_row_results_that_lost_their_dim_lie_along_the_columns() -> None:
    check(lambda x: x - ops.sum(x, 1), {"x": floats(5, 5)})
    check(lambda x: x - ops.sum(ops.exp(x), 2), {"x": floats(3, 3, 3)})


def test_an_external_of_one_element_and_the_rank_of_the_loop() -> None:
    check(lambda x, s: (x + s) * s, {"x": floats(4, 5), "s": floats(1, 1)})
    check(lambda x, s: ops.softmax(x * s, 1), {"x": floats(4, 5), "s": floats(1, 1)})


def test_empty_tensors_are_not_fused() -> None:
    with tiling(1, 1):
        x = variable("x", (0, 3), dtype_of(np.zeros(0)), True)
        plan = schedule([ops.exp(x) * 2, ops.sum(x + 1), ops.sum(x * 2, 1)])
        assert not loops(plan)
        result = run(plan, {"x": np.zeros((0, 3))})
    assert [r.shape for r in result] == [(0, 3), (), (0,)]


def test_two_large_shapes_in_one_plan() -> None:
    def build(x: Node, y: Node) -> Any:
        left, right = ops.exp(x) * 2, ops.sin(y) + 1
        wide = ops.reshape(left, (5, 4)) * ops.sum(right)
        return ops.sum(wide * wide) * right - ops.mean(left)

    plan = check(build, {"x": floats(20), "y": floats(3, 4)})
    assert {loop.shape for loop in loops(plan)} == {(20,), (5, 4), (3, 4)}


def test_an_ordinary_step_between_loops() -> None:
    def build(x: Node, w: Node) -> Any:
        hidden = ops.tanh(ops.exp(x) @ w) + 1
        return (hidden - ops.mean(hidden)) * 2 @ w

    plan = check(build, {"x": floats(4, 5), "w": floats(5, 5, seed=1)})
    kinds = [isinstance(step.kernel, tiles.Loop) for step in plan.steps]
    assert kinds.index(True) < kinds.index(False, kinds.index(True)) < len(kinds) - 1 - kinds[::-1].index(True)


def test_numbers_in_front() -> None:
    """`1 - x` runs a kernel whose operands are not the node's."""
    check(lambda x: (1 - x) ** 2 / (2 - ops.exp(x) * 1.5), {"x": floats(4, 5)})


def test_whole_rows_may_be_wider_than_a_tile() -> None:
    arrays = {"x": floats(3, 4, 10), "bias": floats(4, 1), "column": floats(3, 1, 1), "long": floats(10)}
    plan = check(lambda x, bias, column, long: ops.exp(x + bias) * column - long, arrays)
    with tiling(8, 5):
        loop = loops(plan)[0]
        assert tiles._axis_to_cut(loop.shape) == 2


def test_tiles_cover_everything_once() -> None:
    for shape in ((7,), (3, 10), (3, 4, 10), (20, 2), (1, 9), (2, 1, 9)):
        for tile in (1, 2, 5, 8, 100):
            with tiling(1, tile):
                axis = tiles._axis_to_cut(shape)
                inner = math.prod(shape[axis + 1 :])
                step = max(1, tile // inner)
                seen = np.zeros(shape, int)
                for index, size in tiles._tiles(shape, axis, step):
                    assert seen[index].shape == (size, *shape[axis + 1 :])
                    assert size * inner <= tile
                    seen[index] += 1
                assert (seen == 1).all()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.bool_])
def test_integer_sums_are_exact(dtype: Any) -> None:
    x = np.full(40, 1 if dtype is np.bool_ else 100, dtype)
    nodes = leaves({"x": x})
    many = nodes["x"] | nodes["x"]
    (_, a), (got, b), plan = both_ways([ops.sum(many), ops.amax(many)], {"x": x})
    assert got.dtype == np.int64
    assert got == x.sum(dtype=np.int64)
    assert a == b
    assert b.dtype == dtype
    assert loops(plan)


def test_partial_sums_meet_in_float64() -> None:
    """A float32 total of 2^24 would swallow the ones that follow."""
    x = np.array([2.0**24, *[0.0] * 7, *[1.0, *[0.0] * 7] * 4], np.float32)
    assert np.float32(2**24) + np.float32(1) == 2**24
    nodes = leaves({"x": x})
    _, (total, mean), _ = both_ways([ops.sum(nodes["x"] * 2), ops.mean(nodes["x"] * x.size)], {"x": x}, 8, 8)
    assert [float(total), float(mean)] == [2 * (2**24 + 4), 2**24 + 4]
    assert total.dtype == mean.dtype == np.float32


def test_a_long_sum_of_ones() -> None:
    count = 2**22
    x = np.ones(count, np.float16)
    node = leaves({"x": x})["x"]
    with tiling(1 << 16, 1 << 15):
        (mean,) = run(schedule([ops.mean(node * 4)]), {"x": x})
    assert mean == 4  # a tile of them is more than a float16 can hold
    assert mean.dtype == np.float16


def test_errors_name_the_place_of_the_member() -> None:
    a = np.ones(20, np.int64)
    leaf = {"a": Leaf(a), "b": Leaf(np.append(a[1:], 0)), "x": Leaf(floats(20))}
    expr = "exp(x) * 2 + (a // b) - 1"
    with tiling(8, 5):
        answer = solve(Problem(expr, leaf))
    assert answer.error is not None
    assert answer.error.span is not None
    assert expr[answer.error.span.start : answer.error.span.end] == "a // b"


def test_errors_of_uniform_members_have_a_place_too() -> None:
    leaf = {"a": Leaf(np.array(1)), "b": Leaf(np.array([0])), "x": Leaf(floats(20))}
    expr = "exp(x) * 2 + (zeros_like(x).long() + a) // b"
    with tiling(8, 5):
        answer = solve(Problem(expr, leaf))
    assert isinstance(answer.error, AutodiffError)
    assert answer.error.span is not None
    assert expr[answer.error.span.start : answer.error.span.end] == "(zeros_like(x).long() + a) // b"


def test_numbers_that_do_not_fit_name_their_place() -> None:
    expr = "exp(x) * 2 + n^300"
    leaf = {"x": Leaf(floats(20)), "n": Leaf(np.ones(20, np.int8))}
    with tiling(8, 5):
        error = solve(Problem(expr, leaf)).error
    assert error is not None
    assert error.span is not None
    assert (error.code, expr[error.span.start : error.span.end]) == ("limit-number", "n^300")
    assert "int8_t" in error.message


# Memory


def peak(plan: Plan, arrays: Arrays) -> int:
    """The most that a run of the plan allocates, its outputs included."""
    tracemalloc.start()
    try:
        run(plan, arrays)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


MIB = 1 << 20


def test_value_and_gradient_take_the_memory_of_the_gradient() -> None:
    arrays = {"x": np.ones(2_000_000)}
    x = leaves(arrays)["x"]
    plan = schedule(with_gradients(ops.mean(2 * (x + 1) ** 2), [x]))
    assert peak(plan, arrays) < arrays["x"].nbytes + 6 * MIB  # two threads have a few tiles of one MiB each


def test_wide_rows_take_no_more_memory_than_narrow_ones() -> None:
    arrays = {"x": np.ones((2, 1_000_000)), "b": np.ones(1_000_000)}
    nodes = leaves(arrays)
    plan = schedule([ops.sum(ops.exp(nodes["x"] + nodes["b"]) * ops.sin(nodes["x"]))])
    assert peak(plan, arrays) < 6 * MIB


def test_results_are_given_free_between_loops() -> None:
    arrays = {"x": np.ones((1000, 1000))}
    y = leaves(arrays)["x"]
    for _ in range(6):
        y = ops.cumsum(ops.exp(y * 0), 0)  # along the first axis: no row by row
    plan = schedule([ops.sum(y * 2)])
    assert len(loops(plan)) >= 6
    assert peak(plan, arrays) < 4 * arrays["x"].nbytes
