"""A function of one number and its derivatives, computed point by point for a plot; and what part of them to show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from autodiff.backward import gradients, initial_cotangent
from autodiff.errors import AutodiffError
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan, schedule
from autodiff.formula.derive import derive
from autodiff.formula.question import Question
from autodiff.graph.dtypes import using_default_dtype
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.sizes import numel, show
from autodiff.solve import Graph, Leaf, Problem, parsed

STEEP = 4.0  # a range so many times that of most points may be that of a pole,
JUMP = 0.1  # and is, where two neighbouring points lie so much of it apart
MOST = 0.08  # the part of the points that is left out to either side, where a range is cut
AROUND = 0.3  # what is shown beyond most points, as a part of their range


class Curve(NamedTuple):
    """Values of the function or of a derivative at the points, with its name, `f'`, and formula (or empty)."""

    name: str
    formula: str
    values: np.ndarray


def curves(problem: Problem, name: str, points: np.ndarray, order: int) -> list[Curve]:
    """f and its derivatives with respect to a variable up to an order, at points; raises what evaluating raises."""
    rows = []
    plan: Plan | None = None
    for point in points:
        leaves = {**problem.variables, name: Leaf(np.asarray(point, dtype=problem.dtype.numpy), True)}
        asked = Problem(problem.expr, leaves, let=problem.let, wrt=[name], dtype=problem.dtype)
        feeds = {variable: leaf.array for variable, leaf in leaves.items()}
        if plan is None:
            plan, again = _plan(asked, name, order)
        rows.append([float(np.asarray(value).reshape(())) for value in run(plan, feeds)])
        plan = None if again else plan
    values = np.array(rows).T
    values[1:, np.isnan(values[0])] = math.nan  # rules give numbers beyond the domain as well, 1/x for log(x)
    formulas = _formulas(problem, name, order)
    return [Curve("f" + "'" * i, formulas[i], values[i]) for i in range(order + 1)]


def _plan(asked: Problem, name: str, order: int) -> tuple[Plan, bool]:
    """The plan for the function and its derivatives, and whether it holds for this point alone."""
    with using_default_dtype(asked.dtype):
        graph = Graph(asked)
        outputs = [graph.output]
        if numel(graph.output.shape) != 1:
            raise AutodiffError(
                "usage",
                f"a plot is of one number for each {name}, and this has shape {show(graph.output.shape)}",
                type="ValueError",
                span=parsed(asked.expr).span,
                help="make it a number with sum(…), or give the variables as numbers",
            )
        latest: Node | None = graph.output
        for _ in range(order):
            latest = _derivative(latest, graph.variables[name])
            outputs.append(ops.zeros_like(graph.output) if latest is None else latest)
        return schedule(outputs, asked.limit_bytes), graph.depends_on_data


def _derivative(node: Node | None, variable: Node) -> Node | None:
    """The derivative of a number, None for one that does not depend on the variable."""
    if node is None or not node.requires_grad:
        return None
    return gradients([node], [initial_cotangent(node, None)], [variable])[0]


def _formulas(problem: Problem, name: str, order: int) -> list[str]:
    """The formula of each derivative, as far as there are any."""
    texts = [" ".join(problem.expr.split())]
    question = Question(
        problem.expr, {other: leaf.array.shape for other, leaf in problem.variables.items()} | {name: ()}, [name]
    )
    question = question._replace(let=problem.let)
    for _ in range(order):
        try:
            texts.append(derive(question).gradient[name])
        except AutodiffError:
            break
        question = question._replace(expr=texts[-1], let={})
    return [*texts, *[""] * (order + 1 - len(texts))]


def view(series: Sequence[np.ndarray]) -> tuple[float, float]:
    """The range to show: all of it, or where a pole would leave nothing to see, that of most points."""
    finite = np.concatenate([values[np.isfinite(values)] for values in series])
    if not finite.size:
        return -1.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    least, most = (float(bound) for bound in np.quantile(finite, [MOST, 1 - MOST]))
    if high - low > STEEP * (most - least) > 0 and _jump(series) > JUMP * (high - low):
        margin = AROUND * (most - least)
        low, high = max(low, least - margin), min(high, most + margin)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        middle, half = (low + high) / 2, max(abs(low) * 0.5, 1.0)
        return middle - half, middle + half
    return low, high


def _jump(series: Sequence[np.ndarray]) -> float:
    """The largest distance of neighbouring values."""
    with np.errstate(all="ignore"):
        return max(float(np.nanmax(np.abs(np.diff(values)), initial=0.0)) for values in series)


def pieces(values: np.ndarray, low: float, high: float) -> list[list[int]]:
    """Places of points that are joined by a line: broken at NaN, and where a pole is crossed."""
    found: list[list[int]] = [[]]
    for i, value in enumerate(values.tolist()):
        before = values[i - 1] if found[-1] else math.nan
        crossed = (before > high and value < low) or (before < low and value > high)
        jumped = before * value < 0 and abs(value - before) > (high - low)
        if not math.isfinite(value) or crossed or jumped:
            found.append([])
        if math.isfinite(value):
            found[-1].append(i)
    return [piece for piece in found if piece]


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers within a range, about so many: multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / max(1, count)
    if not (raw > 0 and math.isfinite(raw)):
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [0.0 if i == 0 else float(f"{i * step:.12g}") for i in range(first, last + 1)]


def tick_text(value: float) -> str:
    return f"{value:.6g}"
