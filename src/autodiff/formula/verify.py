"""Whether a formula is right: evaluated at random points, in several sizes, beside what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from autodiff.backward import gradients
from autodiff.errors import AutodiffError
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan, schedule
from autodiff.formula.question import Question, build, names_of
from autodiff.graph.build import Builder
from autodiff.graph.evaluate import evaluating_with
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import strengthen, variable
from autodiff.graph.sizes import Dim, Shape
from autodiff.solve import parsed

# Random points: each draws numbers between two bounds; the last two make square matrices easy to invert.
RANGES = ((0.3, 1.7), (-1.8, 1.8), (0.1, 0.9), (1.1, 3.0), (-0.9, -0.1))
RTOL = 1e-6  # of an element
SLACK = 1e-8  # of the largest element, for those in which terms cancel
NUDGE = 1e-10  # what changes much under relative changes this small is decided by rounding
NUDGES = 2
EACH = 3  # points for the same sizes and bounds: numbers of all signs come together in some of them
ONES = 2  # the point of these at which a size is 1
TINY = 1e-40

Feeds = dict[str, np.ndarray]


class Exact(NamedTuple):
    """What a formula stands for, over variables of some sizes, computed from values."""

    variables: dict[str, Node]
    compute: Callable[[Feeds], np.ndarray]


# Makes that for shapes of integers and values of the sizes' names; None where there is nothing.
Wanted = Callable[[Mapping[str, Shape], Mapping[str, int]], "Exact | None"]


def gradient_of(question: Question, name: str) -> Wanted:
    """The gradient for one variable."""

    def wanted(shapes: Mapping[str, Shape], sizes: Mapping[str, int]) -> Exact | None:
        built = build(question, shapes, [name], sizes)
        (gradient,) = built.gradients
        if gradient is None:
            return None
        plan = schedule([built.output, gradient])
        return Exact(built.variables, lambda feeds: _defined(plan, feeds))

    return wanted


def _defined(plan: Plan, feeds: Feeds) -> np.ndarray:
    """The gradient; NaN where the result is NaN: that of logdet is 0 there, which no formula says."""
    value, found = run(plan, feeds)
    return found if np.isfinite(value).any() else np.full_like(found, np.nan)


def hessian_of(question: Question, x: str, y: str, diagonal: bool) -> Wanted:
    """The gradient for x differentiated for y, one element of it after the other; all at once where it is diagonal."""

    def wanted(shapes: Mapping[str, Shape], sizes: Mapping[str, int]) -> Exact | None:
        built = build(question, shapes, [x, y], sizes)
        first = built.gradients[0]
        if first is None:
            return None
        leaf = built.variables[y]
        shape = leaf.shape if diagonal else (*first.shape, *leaf.shape)
        zeros = Exact(built.variables, lambda feeds: np.zeros([size for size in shape if isinstance(size, int)]))
        if not first.requires_grad:
            return zeros
        weights = ops.ones_like(first) if diagonal else variable(WEIGHTS, first.shape, first.dtype, False)
        (second,) = gradients([first], [weights], [leaf])
        if second is None:
            return zeros
        plan = schedule([second])
        if diagonal:
            return Exact(built.variables, lambda feeds: run(plan, feeds)[0])
        rank = [int(size) for size in first.shape if isinstance(size, int)]

        def compute(feeds: Feeds) -> np.ndarray:
            units = np.eye(int(np.prod(rank))).reshape(-1, *rank)
            rows = [run(plan, {**feeds, WEIGHTS: unit})[0] for unit in units]
            return np.stack(rows).reshape((*rank, *rows[0].shape))

        return Exact(built.variables, compute)

    return wanted


WEIGHTS = " weights"  # no variable can be called that


class _Point(NamedTuple):
    variables: dict[str, Node]
    sizes: dict[str, int]
    feeds: Feeds
    wanted: np.ndarray


class Points:
    """Random points over variables of given shapes, with what is wanted at each; drawn when first asked for."""

    def __init__(self, shapes: Mapping[str, Shape], wanted: Wanted, with_ones: bool = False, least: int = 2) -> None:
        self.shapes = shapes
        self.wanted = wanted
        self.with_ones = with_ones  # whether one of the sizes is 1 at some point
        self.least = least  # the smallest size otherwise
        self._drawn: list[_Point] | None = None
        self._built: dict[Any, Exact | None] = {}  # by sizes: of numbers, all points share one graph

    def agree(self, text: str, parts: Mapping[str, str] | None = None) -> bool:
        """Whether the formula gives what is wanted at every point where that is finite; `parts` are names in it."""
        checked = 0
        skipped = False
        read: dict[int, Plan] = {}  # by the point's variables
        for variables, scope, feeds, wanted in self._points():
            try:
                if id(variables) not in read:
                    read[id(variables)] = _read(text, parts or {}, {**variables, **scope})
                value = run(read[id(variables)], feeds)[0]
            except AutodiffError as error:
                if error.code == "index-out-of-range":
                    continue  # labels of classes count from 0, and an index may count from the end as well
                return False
            if np.shape(value) != np.shape(wanted):
                return False
            if not wanted.any() and np.isnan(value).all():
                skipped = True  # all is zero, and the formula has 0/0: it holds where it has a value
                continue
            finite = np.isfinite(wanted)
            checked += bool(finite.any())
            if not np.all(np.abs(value[finite] - wanted[finite]) <= _tolerance(wanted[finite])):
                return False
        return checked > 0 and not (skipped and self._vanishes())

    def _vanishes(self) -> bool:
        return not any(point.wanted.any() for point in self._points())

    def underflow(self) -> bool:
        """Whether there are numbers that are only just not zero: what is too small to be compared."""
        return any(np.any((point.wanted != 0) & (np.abs(point.wanted) < TINY)) for point in self._points())

    def _points(self) -> list[_Point]:
        if self._drawn is None:
            self._drawn = [point for point in self._draw() if point is not None]
        return self._drawn

    def _draw(self) -> Iterator[Any]:
        random = np.random.default_rng(20)
        names = sorted({name for shape in self.shapes.values() for size in shape for name in names_of(size)})
        unknown = {name for name in self.shapes if f"{name}_rows" in names}
        found = 0
        for round_ in range(6 * len(RANGES)):
            shrunk = 0.5 ** max(0, round_ // len(RANGES) - 1)  # for what overflows: smaller and smaller numbers
            low, high = (bound * shrunk for bound in RANGES[round_ % len(RANGES)])
            sizes = {name: int(random.integers(self.least, self.least + 4)) for name in names}
            if self.with_ones and round_ % len(RANGES) == ONES and names:
                sizes[names[(round_ // len(RANGES)) % len(names)]] = 1  # what is broadcast by mistake is seen here
            shapes = {name: tuple(size_of(size, sizes) for size in shape) for name, shape in self.shapes.items()}
            for name in unknown:
                shapes[name] = tuple(int(n) for n in random.integers(2, 5, size=(2, 1, 3, 0, 2)[round_ % 5]))
            for name in names:
                if any(name in (f"{x}_rows", f"{x}_columns") for x in unknown):
                    del sizes[name]
            for _ in range(EACH):
                point = self._point(shapes, sizes, low, high, random)
                if point is not None:
                    found += 1
                    yield point
            if found >= EACH * len(RANGES):
                return

    def _point(self, shapes: dict[str, Any], sizes: dict[str, int], low: float, high: float, random: Any) -> Any:
        scope = {name: value for name, value in sizes.items() if name not in shapes}
        try:
            key = (tuple(shapes.values()), tuple(scope.items()))
            if key not in self._built:
                self._built[key] = self.wanted(shapes, scope)
            exact = self._built[key]
            if exact is None:
                return None
            feeds = {}
            for name, node in exact.variables.items():
                value = random.uniform(low, high, size=node.shape)
                if len(node.shape) == 2 and node.shape[0] == node.shape[1] != 1:
                    value = value + 3 * np.eye(*value.shape) * min(1.0, high - low)
                feeds[name] = np.asarray(value)
            wanted = exact.compute(feeds)
            nudged = [
                {name: value * (1 + NUDGE * random.choice((-1, 1), value.shape)) for name, value in feeds.items()}
                for _ in range(NUDGES)
            ]
            near = [exact.compute(feeds) for feeds in nudged]
        except AutodiffError:
            return None
        finite = np.isfinite(wanted)
        slack = _tolerance(wanted[finite]) / 10
        if not finite.any() or not all(np.all(np.abs(other[finite] - wanted[finite]) <= slack) for other in near):
            return None
        return _Point(exact.variables, scope, feeds, np.asarray(wanted))


def _read(text: str, parts: Mapping[str, str], names: dict[str, Any]) -> Plan:
    """How to compute a formula over nodes by name; its parts come first."""
    builder = Builder(names)
    with evaluating_with(_of_sizes):
        for name, part in parts.items():
            names[name] = builder.build(parsed(part))
        node = builder.tensor(parsed(text))
    return schedule([strengthen(node, node.dtype)])


def _of_sizes(node: Node) -> np.ndarray:
    """The value of what depends on sizes alone: eye(A.size(0)*X.size(0))."""
    try:
        return np.asarray(run(schedule([node]), {})[0])
    except KeyError:
        raise AutodiffError("needs-value", "a shape depends on values", span=node.span) from None


def _tolerance(wanted: np.ndarray) -> np.ndarray:
    size = np.abs(wanted)
    return np.asarray(RTOL * size + SLACK * np.max(size, initial=0.0) + 1e-13)


def size_of(size: Dim, sizes: Mapping[str, int]) -> int:
    """A size as a number, for numbers of the names in it."""
    if isinstance(size, int):
        return size
    total = 0
    for names, coefficient in size.terms:
        product = coefficient
        for name in names:
            product *= sizes[name]
        total += product
    return total
