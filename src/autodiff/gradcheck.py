"""Whether derivatives agree with differences of values.

For every element of every variable the value is computed on both sides at two distances; Richardson's extrapolation
takes the error of a central difference from h² to h⁴ (L. F. Richardson, 1911).  At a kink the central difference is
the mean of two slopes, which a derivative may equal by chance (abs at 0), so the slopes to either side are compared
too: their difference shrinks with the distance where there is a derivative, and stays at a kink.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from random import Random

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.batch import batch
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan, schedule
from autodiff.functional import STACKED, jacobian
from autodiff.graph.dtypes import using_default_dtype
from autodiff.graph.sizes import Shape, concrete, show
from autodiff.solve import Graph, Leaf, Problem

Index = tuple[int, ...]

# What is usual for a float of so many bytes: the distance for an element of size 1, the least size, rtol and atol.
USUAL = {8: (1e-3, 1e-3, 1e-5, 1e-7), 4: (5e-2, 1.0, 2e-2, 1e-2), 2: (5e-1, 1.0, 2e-1, 1e-1)}
MOST = 10**6  # elements of a variable that is drawn
STAYS = 0.8  # of the gap between the two slopes, at half the distance: more than that is a kink


class Compared:
    """How a variable's derivatives compare; `index` is where they differ most, in the result and then in it."""

    __slots__ = ("derivative", "difference", "differences", "index", "ok", "slopes")

    def __init__(
        self, ok: bool, difference: float, index: Index, derivative: float, differences: float,
        slopes: tuple[float, float] | None,
    ) -> None:  # fmt: skip
        self.ok = ok
        self.difference = difference
        self.index = index
        self.derivative = derivative
        self.differences = differences
        self.slopes = slopes  # to the left and to the right, where there is a kink


class Checked:
    """Every variable's comparison, or the error that came before it."""

    __slots__ = ("error", "variables")

    def __init__(self) -> None:
        self.variables: dict[str, Compared] = {}
        self.error: AutodiffError | None = None

    @property
    def ok(self) -> bool:
        return all(compared.ok for compared in self.variables.values())


def gradcheck(
    problem: Problem, eps: float | None = None, rtol: float | None = None, atol: float | None = None
) -> Checked:
    """Compare the derivatives of every element of the result with differences at distance `eps` and half of it.

    They agree when |derivative − differences| ≤ atol + rtol·|differences|, rounding apart, and there is no kink.  What
    is not given follows from the shortest floating-point dtype among the variables and the result, and the distance
    from the size of each element as well.
    """
    checked = Checked()
    found = jacobian(problem)
    if found.error is None and not found.parts:
        found.error = AutodiffError(
            "no-grad-path",
            "element 0 of tensors does not require grad and does not have a grad_fn",
            says="there is no variable to differentiate for",
            help="give a floating-point variable a value",
        )
    if found.error is not None:
        checked.error = found.error
        return checked
    assert found.value is not None
    assert found.parts is not None
    floats = [leaf.array for (name,) in found.parts for leaf in [problem.variables[name]]]
    floats += [found.value] if found.value.dtype.kind == "f" else []
    bytes_ = min(array.dtype.itemsize for array in floats)
    usual_eps, least, usual_rtol, usual_atol = USUAL[bytes_]
    relative = usual_rtol if rtol is None else rtol
    absolute = usual_atol if atol is None else atol
    unit = float(np.finfo(f"f{bytes_}").eps)
    try:
        values = _Values(problem, found.value.shape)
        for (name,), derivative in found.parts.items():
            sizes = abs(values.variables[name].reshape(-1).astype(np.float64))
            distances = np.full(sizes.shape, eps) if eps is not None else usual_eps * np.maximum(sizes, least)
            checked.variables[name] = _compared(values, name, derivative, distances, (relative, absolute, unit))
    except AutodiffError as error:
        checked.error = error
    return checked


def _compared(
    values: _Values, name: str, derivative: np.ndarray, distances: np.ndarray, tolerances: tuple[float, float, float]
) -> Compared:
    rtol, atol, unit = tolerances
    x = values.variables[name]
    if not derivative.size:
        return Compared(True, 0.0, (), 0.0, 0.0, None)
    with np.errstate(all="ignore"):
        # Elements of the variable lead in what is computed, and come last in derivatives.
        exact = np.moveaxis(derivative.reshape(*values.shape, x.size), -1, 0).astype(np.float64)
        wide, narrow = _Slopes(values, name, distances, unit), _Slopes(values, name, distances / 2, unit)
        numeric = (4 * narrow.middle - wide.middle) / 3
        left, right = 2 * narrow.left - wide.left, 2 * narrow.right - wide.right
        allowed = atol + rtol * abs(numeric) + narrow.noise
        steepest = np.maximum(abs(left), abs(right))
        kinks = (narrow.gap > STAYS * wide.gap) & (narrow.gap > 2 * (atol + rtol * steepest) + narrow.noise)
        difference = abs(exact - numeric)
        badness = np.where(np.isnan(difference), np.inf, difference / allowed)
    failed = kinks | ~(badness <= 1)
    # What failed comes before what differs more in another place.
    place = np.unravel_index(int(np.argmax(np.where(failed, badness + 1, -1 / (1 + badness)))), failed.shape)
    index = tuple(int(i) for i in (*place[1:], *np.unravel_index(int(place[0]), x.shape)))
    slopes = (float(left[place]), float(right[place])) if kinks[place] else None
    return Compared(
        not failed.any(), float(difference[place]), index, float(exact[place]), float(numeric[place]), slopes
    )


class _Slopes:
    """Differences to both sides for each element of a variable, and how much of them may be rounding."""

    __slots__ = ("gap", "left", "middle", "noise", "right")

    def __init__(self, values: _Values, name: str, distances: np.ndarray, unit: float) -> None:
        here = values.at(name, values.variables[name][None])[0]
        below, above, h = values.around(name, distances)
        h = h.reshape(-1, *(1,) * len(values.shape))
        self.left, self.right = (here - below) / h, (above - here) / h
        self.middle = (above - below) / (2 * h)
        self.gap = abs(self.right - self.left)
        self.noise = 64 * unit * (abs(above) + abs(below)) / h


def draw(problem: Problem, shapes: Mapping[str, Shape], seed: int) -> None:
    """Give variables of these shapes random values between −2 and 2, and named sizes 2 to 4.

    Where something is then not finite (a logarithm), values are drawn between 0.1 and 2 instead.
    """
    given = problem.variables
    for low in (-2.0, 0.1):
        random = Random(seed)
        sizes: dict[str, int] = {}
        drawn: dict[str, Leaf] = {}
        for name, shape in shapes.items():
            for dim in shape:
                if not isinstance(dim, int) and str(dim) not in sizes:
                    sizes[str(dim)] = random.randint(2, 4)
            known = tuple([dim if isinstance(dim, int) else sizes[str(dim)] for dim in shape])
            if prod(known) > MOST:
                raise AutodiffError("limit-size", f"{name} has more than {MOST} elements to check", type="MemoryError")
            numbers = [random.uniform(low, 2.0) for _ in range(prod(known))]
            drawn[name] = Leaf(np.array(numbers, problem.dtype.numpy).reshape(known))
        problem.variables = {**given, **drawn}
        found = jacobian(problem)
        arrays = [*(found.parts or {}).values(), *([] if found.value is None else [found.value])]
        if all(np.isfinite(array).all() for array in arrays):
            break


class _Values:
    """The result for other values of one variable, many of them at once; float64, stacked along a leading axis."""

    def __init__(self, problem: Problem, shape: tuple[int, ...]) -> None:
        self.problem = problem
        self.shape = shape
        self.variables = {name: leaf.array for name, leaf in problem.variables.items()}
        graph = self._graph(self.variables)
        self.depends_on_data = graph.depends_on_data
        self.plan = self._plan(graph)
        sizes = [prod(concrete(step.node.shape)) for step in self.plan.steps if step.node.results is None]
        self.at_once = max(1, STACKED // max([1, *sizes, *[array.size for array in self.variables.values()]]))

    def _graph(self, variables: dict[str, np.ndarray]) -> Graph:
        problem = self.problem
        leaves = {name: Leaf(array, False) for name, array in variables.items()}
        with using_default_dtype(problem.dtype):
            return Graph(Problem(problem.expr, leaves, let=problem.let, dtype=problem.dtype))

    def _plan(self, graph: Graph) -> Plan:
        return schedule([graph.output], self.problem.limit_bytes)

    def around(self, name: str, distances: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The results with each element moved down, and moved up, and how far these moves were in the end."""
        x = self.variables[name].reshape(-1)
        sides: tuple[list[np.ndarray], list[np.ndarray]] = [], []
        low, high = (x - distances).astype(x.dtype), (x + distances).astype(x.dtype)
        for first in range(0, x.size, self.at_once):
            count = min(self.at_once, x.size - first)
            for side, moved in zip(sides, (low, high), strict=True):
                stack = np.repeat(x[None], count, axis=0)
                stack[np.arange(count), np.arange(first, first + count)] = moved[first : first + count]
                side.append(self.at(name, stack.reshape(count, *self.variables[name].shape)))
        return np.concatenate(sides[0]), np.concatenate(sides[1]), (high.astype(np.float64) - low) / 2

    def at(self, name: str, stack: np.ndarray) -> np.ndarray:
        """The results for a stack of values of a variable."""
        stacked = None if self.depends_on_data or len(stack) == 1 else batch(self.plan)
        if stacked is not None:
            feeds = {n: np.broadcast_to(array, (len(stack), *array.shape)) for n, array in self.variables.items()}
            try:
                return stacked.run(feeds | {name: stack}, len(stack))[0].astype(np.float64)
            except (AutodiffError, ArithmeticError, MemoryError):
                pass  # again, one by one, for an error with its place
        return np.stack([self._one(self.variables | {name: x}) for x in stack]).astype(np.float64)

    def _one(self, feeds: dict[str, np.ndarray]) -> np.ndarray:
        plan = self._plan(self._graph(feeds)) if self.depends_on_data else self.plan
        value = run(plan, feeds)[0]
        if value.shape != self.shape:
            raise AutodiffError(
                "not-differentiable",
                f"the shape of the result changes from {show(self.shape)} to {show(value.shape)} near this point",
                help="check at another point, or with a smaller --eps",
            )
        return value
