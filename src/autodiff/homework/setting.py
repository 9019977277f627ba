"""An expression at one choice of sizes: its graph, its gradient, and the points where answers are compared.

Points are drawn by Python's own `random.Random`, so that they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from math import inf, prod
from random import Random
from typing import Any

import numpy as np

from autodiff.backward import gradients
from autodiff.errors import AutodiffError
from autodiff.execute.batch import batch
from autodiff.execute.run import evaluate, run
from autodiff.execute.schedule import schedule
from autodiff.graph.build import Builder
from autodiff.graph.dtypes import dtype_of, float64, using_default_dtype
from autodiff.graph.evaluate import evaluating_with
from autodiff.graph.node import Node, placed
from autodiff.graph.op import ops
from autodiff.graph.primitive import strengthen, variable
from autodiff.graph.sizes import Shape, concrete
from autodiff.homework.landmarks import ROWS_EACH, around
from autodiff.syntax.parse import parse

Interval = tuple[float, float]
Feeds = dict[str, np.ndarray]

# Where numbers are drawn from when nothing is declared: what is broad comes first, what logarithms, roots and inverse
# functions need comes after it.
BROAD: Interval = (-2.5, 2.5)
# Some points have larger or smaller numbers, to see what happens further out and close to zero: every eighth point,
# from which on, and the factor.
WIDER: tuple[tuple[int, float], ...] = ((3, 4.0), (5, 0.01), (7, 40.0))
NARROWER: tuple[Interval, ...] = ((0.1, 3.0), (0.05, 0.95), (1.05, 3.0), (-0.95, 0.95), (-3.0, -0.1), (3.0, 9.0))
ENOUGH = 0.2  # of the points drawn must be usable, or the next choice of intervals is tried
LARGEST, USUAL = 1e8, 100  # gradients beyond, and so many times the usual one, are of points where rounding decides
BLOCKS = 8  # of points, to find enough among them
MOST = 10**6  # elements of all variables at a point
WORK = 400_000  # numbers drawn for one choice of intervals
LEAST, TINY, SIGNIFICANT = 1e-13, 1e-6, 1e4
MOST_BYTES = 2**26  # for values that a shape depends on


class Setting:
    """The graph of an expression whose variables have these shapes, and stacked values of variables at points.

    `sizes` are the values of names, and `numbers` what stands among the shapes as a number.  With `point`, values of
    all variables, shapes may depend on data: the graph holds there, and there alone.  Raises what building and
    differentiating raise.
    """

    __slots__ = (
        "_key", "_least", "expected", "feeds", "fixed", "gradient", "leaf", "numbers", "output", "point", "rows",
        "shapes", "sizes", "start", "value", "variables", "wrt",
    )  # fmt: skip

    def __init__(
        self,
        expr: str,
        let: Mapping[str, str],
        shapes: Mapping[str, tuple[int, ...]],
        sizes: Mapping[str, int],
        wrt: str,
        fixed: Mapping[str, np.ndarray],
        point: Mapping[str, np.ndarray] | None = None,
        numbers: Collection[int] = (),
    ) -> None:
        self.numbers = numbers
        self.shapes = dict(shapes)
        self.point = point
        self.sizes = {name: size for name, size in sizes.items() if name not in shapes}
        self.wrt = wrt
        self.fixed = dict(fixed)
        self.variables: dict[str, Node] = {}
        for name, shape in shapes.items():
            dtype = dtype_of(fixed[name]) if name in fixed else float64
            # Every floating variable is tracked, so that derivatives by another variable can be told.
            self.variables[name] = variable(name, shape, dtype, dtype.is_floating)
        self.leaf = self.variables[wrt]
        with self.building():
            scope = self.scope()
            builder = Builder(scope)
            for name, text in let.items():
                scope[name] = builder.build(parse(text, f"let.{name}"))
            tree = parse(expr)
            result = builder.tensor(tree)
            with placed(tree.span):
                self.output = strengthen(result, result.dtype)
                self.start: Node = ops.ones_like(self.output)
            self.gradient = self.differentiated(self.leaf)
        self._key: Stacked | None = None
        self._least: float | None = None
        self.rows = 0
        self.feeds: Feeds = {}
        self.value = self.expected = np.zeros(0)

    @contextmanager
    def building(self) -> Iterator[None]:
        """Inside, graphs are built for this setting: numbers are float64, and values are those of its point."""
        point = self.point
        known = None if point is None else lambda node: evaluate([node], point, MOST_BYTES)[0]
        with using_default_dtype(float64), evaluating_with(known):
            yield

    def named(self, size: int) -> str:
        """The name of a size, if there is one and no number says as much; else the number."""
        names = [name for name, value in self.sizes.items() if value == size]
        return names[0] if len(names) == 1 and size not in self.numbers else str(size)

    def shown(self, shape: Shape) -> str:
        """A shape as it was declared: `[m, 3]`."""
        return f"[{', '.join(self.named(size) for size in concrete(shape))}]"

    def many(self, shape: Shape, left: Shape = ()) -> str:
        """How many elements of a shape there are for each of another: `m*n`, or a number."""
        sizes, others = list(concrete(shape)), concrete(left)
        for size in others:
            if size in sizes:
                sizes.remove(size)
        names = [self.named(size) for size in sizes if size != 1]
        if any(name.isidentifier() for name in names):
            return "*".join(names)
        return str(prod(concrete(shape)) // max(1, prod(others)))

    def scope(self) -> dict[str, Any]:
        """What names mean: variables are nodes, sizes are integers."""
        return {**self.sizes, **self.variables}

    def differentiated(self, leaf: Node) -> Node:
        """The gradient for a variable, zeros where no path leads to it."""
        found = gradients([self.output], [self.start], [leaf])[0] if self.output.requires_grad else None
        return ops.zeros_like(leaf) if found is None else found

    def at(self, nodes: Sequence[Node], limit_bytes: int | None = None) -> list[np.ndarray]:
        """The values of nodes at all points, stacked."""
        return stacked(nodes, self.feeds, self.rows, limit_bytes)

    def take_points(self, feeds: Feeds, rows: int) -> None:
        """Compare at these points from now on."""
        self.feeds, self.rows = feeds, rows
        self.value, self.expected = self.key.at(feeds, rows)

    @property
    def key(self) -> Stacked:
        """The value of the expression and its gradient, as they can be had at points."""
        if self._key is None:
            self._key = Stacked([self.output, self.gradient])
        return self._key

    @property
    def least(self) -> float:
        """A difference that is none: nothing for a gradient that is tiny by itself, and not by rounding."""
        if self._least is None:
            from autodiff.homework.rounding import noise_of

            size = float(np.median(_largest(self.expected))) if self.rows else 0.0
            tiny = 0 < size < TINY and SIGNIFICANT * noise_of(self) < size
            self._least = 0.0 if tiny else LEAST
        return self._least

    @property
    def free(self) -> list[str]:
        """The variables that numbers are drawn for."""
        return [name for name in self.shapes if name not in self.fixed or name == self.wrt]

    def draw(self, random: Random, count: int, domains: Mapping[str, Interval], marks: Sequence[float] = ()) -> None:
        """Draw up to `count` usable points, and some around landmarks; fewer where the expression has no value."""
        free = self.free
        each = max(1, sum(prod(self.shapes[name]) for name in free))
        if each > MOST:
            raise AutodiffError("limit-size", f"there are more than {MOST} numbers to draw", type="MemoryError")
        count = max(2, min(count, WORK // (2 * each)))
        best: tuple[Feeds, int] = ({}, 0)
        for intervals in _choices(free, domains, marks):
            block = max(2, min(2 * count, WORK // each))
            feeds = self._drawn(random, free, intervals, block)
            usable = self._usable(feeds, block)
            enough = usable.mean() >= ENOUGH
            kept = {name: array[usable] for name, array in feeds.items()}
            for _ in range(BLOCKS if enough else 0):
                if len(kept[self.wrt]) >= count:
                    break
                more = self._drawn(random, free, intervals, block)
                usable = self._usable(more, block)
                kept = {name: np.concatenate([array, more[name][usable]]) for name, array in kept.items()}
            found = min(count, len(kept[self.wrt]))
            if found > best[1]:
                best = {name: array[:count] for name, array in kept.items()}, found
            if enough:
                break
        feeds, found = best
        if found and marks:
            more, places = self.around(marks, domains, random)
            feeds = {name: np.concatenate([array, more[name]]) for name, array in feeds.items()}
            found += len(places)
        self.take_points(feeds, found)

    def around(
        self, marks: Iterable[float], domains: Mapping[str, Interval], random: Random
    ) -> tuple[Feeds, np.ndarray]:
        """Usable points around landmarks, and which landmark each is at."""
        each = ROWS_EACH * sum(prod(self.shapes[name]) for name in self.free)
        marks = list(marks)[: WORK // max(1, each)]
        feeds, rows = around(marks, self.free, self.shapes, self.fixed, domains, random)
        usable = self._usable(feeds, rows)
        return {name: array[usable] for name, array in feeds.items()}, np.flatnonzero(usable) // ROWS_EACH

    def moved(self, feeds: Feeds) -> Setting:
        """The same graph at other points."""
        other = copy(self)
        other.take_points(feeds, len(feeds[self.wrt]))
        return other

    def drawn(self, random: Random, domains: Mapping[str, Interval], rows: int) -> Feeds:
        """Points, usable or not, from the broadest intervals."""
        return self._drawn(random, self.free, next(_choices(self.free, domains)), rows)

    def _drawn(self, random: Random, free: Sequence[str], intervals: Mapping[str, Interval], rows: int) -> Feeds:
        feeds = {name: np.broadcast_to(array, (rows, *array.shape)) for name, array in self.fixed.items()}
        for name in free:
            low, high = intervals[name]
            shape = self.shapes[name]
            numbers = [low + (high - low) * random.random() for _ in range(rows * prod(shape))]
            feeds[name] = np.array(numbers, np.float64).reshape(rows, *shape)
            if intervals[name] is BROAD:
                for first, factor in WIDER:
                    feeds[name][first::8] *= factor
        if self.wrt in self.fixed:  # the point that was given comes first
            feeds[self.wrt][0] = self.fixed[self.wrt]
        return feeds

    def _usable(self, feeds: Feeds, rows: int) -> np.ndarray:
        """Where value and gradient are finite, and rounding does not decide what the gradient is."""
        if rows == 0:
            return np.zeros(0, bool)
        value, gradient = self.key.at(feeds, rows)
        moved = {name: x * (1 + 1e-10) if x.dtype.kind == "f" else x for name, x in feeds.items()}
        near = self.key.at(moved, rows)[1]
        with np.errstate(all="ignore"):
            size = _largest(gradient)
            finite = np.isfinite(_largest(value)) & np.isfinite(size)
            steady = _largest(near - gradient) <= 1e-7 * np.maximum(size, 1e-7)
            usual = np.median(size[finite]) if finite.any() else 0.0
            return np.asarray(finite & (size <= max(LARGEST, USUAL * usual)) & steady)


def _largest(stack: np.ndarray) -> np.ndarray:
    """The largest absolute value at each point; NaN where there is one."""
    flat = abs(stack.reshape(len(stack), -1).astype(np.float64))
    return flat.max(axis=1) if flat.shape[1] else np.zeros(len(stack))


def _choices(
    free: Sequence[str], domains: Mapping[str, Interval], marks: Iterable[float] = ()
) -> Iterator[dict[str, Interval]]:
    """Intervals to try, as broad as can be first; what is declared stays."""
    declared = {name: bounded(*domains[name]) for name in free if name in domains}
    others = [name for name in free if name not in declared]
    yield {**dict.fromkeys(others, BROAD), **declared}
    beside = [interval for mark in marks for interval in ((mark, 3 * mark), (-mark, mark), (-3 * mark, -mark))]
    for interval in (*NARROWER, *beside):
        if len(others) > 1:
            for name in others:
                yield {**dict.fromkeys(others, BROAD), name: interval, **declared}
        if others:
            yield {**dict.fromkeys(others, interval), **declared}


def bounded(low: float, high: float) -> Interval:
    """A finite part of a domain, not touching its ends."""
    if low == -inf and high == inf:
        return BROAD
    if high == inf:
        return (low + 0.01, low + 4.0)
    if low == -inf:
        return (high - 4.0, high - 0.01)
    margin = (high - low) / 1000
    return (low + margin, high - margin)


class Stacked:
    """Nodes to be evaluated at stacked points, with a leading axis of points; scheduled once."""

    __slots__ = ("_plan", "_together", "limit_bytes", "nodes")

    def __init__(self, nodes: Sequence[Node], limit_bytes: int | None = None) -> None:
        self.nodes = nodes
        self.limit_bytes = limit_bytes
        self._plan = schedule(nodes, limit_bytes)
        self._together = batch(self._plan)

    def at(self, feeds: Feeds, rows: int) -> list[np.ndarray]:
        """The values; NaN where a kernel refuses (a singular matrix)."""
        plan = self._plan
        with np.errstate(all="ignore"):
            if self._together is not None and rows > 1:
                try:
                    return self._together.run(feeds, rows)
                except (AutodiffError, ArithmeticError, ValueError, IndexError):
                    pass  # one by one, to learn at which points
            results = []
            for row in range(rows):
                try:
                    results.append(run(plan, {name: array[row] for name, array in feeds.items()}))
                except (AutodiffError, ArithmeticError):
                    results.append([np.full(shape, np.nan) for shape in plan.shapes])
            if not results:
                return [np.zeros((0, *shape)) for shape in plan.shapes]
            return [np.stack(column) for column in zip(*results, strict=True)]


def stacked(nodes: Sequence[Node], feeds: Feeds, rows: int, limit_bytes: int | None = None) -> list[np.ndarray]:
    """The values of nodes at points."""
    return Stacked(nodes, limit_bytes).at(feeds, rows)
