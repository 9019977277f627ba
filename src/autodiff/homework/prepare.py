"""A question made ready for many answers: its graphs, gradients and points, with the key itself checked.

Question ──shapes──▶ one Setting for each choice of sizes ──gradcheck──▶ Prepared
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from math import inf, prod
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.formula.assumed import free_names
from autodiff.formula.derive import Question as Asked
from autodiff.formula.derive import derive
from autodiff.formula.verify import size_of
from autodiff.gradcheck import gradcheck
from autodiff.graph import values
from autodiff.graph.dtypes import float64
from autodiff.graph.lookup import did_you_mean
from autodiff.graph.sizes import Shape, Size
from autodiff.homework.landmarks import landmarks
from autodiff.homework.question import Question
from autodiff.homework.setting import Setting, bounded
from autodiff.homework.written import pieces
from autodiff.solve import Leaf, Problem
from autodiff.syntax.parse import parse

if TYPE_CHECKING:
    from autodiff.homework.search import Search

SETTINGS = 3  # choices of named sizes: each name has another size in each, and others than other names
SIZES = (2, 3, 4, 5)
ELSEWHERE = 6  # points at sizes that are not the question's: enough to tell mistakes apart
POINTWISE = 4  # points where each has a graph of its own
SMALLEST_LIMIT = 2**16  # bytes that one piece of an answer may have
CHECKED_ELEMENTS = 400  # of a variable, for comparing the key with differences

# What the search for a formula finds wrong with a key; without a formula, numbers do.
WRONG_KEY = ("needs-shape", "non-scalar-output", "unknown-wrt")


class Prepared:
    """A question with its gradient at points; answers are compared with these.

    `settings` are one for each choice of sizes; `given` is the point that the question's own values make, if they are
    all there.
    """

    def __init__(self, question: Question, wrt: str, shapes: Mapping[str, Shape], fixed: Mapping[str, Any]) -> None:
        self.question = question
        self.wrt = wrt
        self.shapes = dict(shapes)
        self.fixed = dict(fixed)
        self.settings: list[Setting] = []
        self.given: Setting | None = None
        self.expected: str | None = None
        sizes = {str(size) for shape in shapes.values() for size in shape if isinstance(size, Size)}
        self.size_names = sorted(name for name in sizes if name.isidentifier())
        self.hidden = [name for name in self.size_names if name.endswith(("_rows", "_columns"))]
        self.names = {*shapes, *self.size_names, *question.let} - set(self.hidden)

    @property
    def points(self) -> int:
        """How many points answers are compared at."""
        return sum(setting.rows for setting in self.settings)

    @property
    def limit_bytes(self) -> int:
        """How large a piece of an answer may be."""
        largest = max((prod(shape) for setting in self.settings for shape in setting.shapes.values()), default=1)
        return max(SMALLEST_LIMIT, 64 * largest)

    @cached_property
    def varied(self) -> Setting | None:
        """The question with other sizes than its own, which tell a size from a constant of the same value."""
        if self.size_names or not any(n > 1 for setting in self.settings for s in setting.shapes.values() for n in s):
            return None
        shapes = {name: tuple([n + 2 if n > 1 else n for n in s]) for name, s in self.settings[0].shapes.items()}
        return self._elsewhere(shapes, {})

    @cached_property
    def square(self) -> Setting | None:
        """The question with all sizes equal, where matrices multiply even when a transpose is missing."""
        shapes = {
            name: tuple([3 if not isinstance(n, int) or n > 1 else n for n in shape])
            for name, shape in self.shapes.items()
        }
        sizes = dict.fromkeys(self.size_names, 3)
        return self._elsewhere(shapes, sizes)

    def _elsewhere(self, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[str, int]) -> Setting | None:
        """The question with shapes of no matter to its verdicts, for finding mistakes; None where it has none there."""
        whole = {name: array for name, array in self.fixed.items() if array.dtype.kind != "f"}
        if any(array.shape != shapes[name] for name, array in whole.items()):
            return None
        try:
            setting = self._setting(shapes, sizes, whole)
            setting.draw(Random(self.question.seed), min(ELSEWHERE, self.question.points), self.question.domains)
        except AutodiffError:
            return None
        return setting if setting.rows else None

    @cached_property
    def marks(self) -> list[float]:
        """Landmarks of the expression."""
        texts = [*self.question.let.values(), self.question.expr]
        return landmarks(item for text in texts for item in pieces(parse(text)))

    @cached_property
    def search(self) -> Search:
        """Where mistakes are looked for."""
        from autodiff.homework.search import Search

        return Search(self)

    def _setting(
        self, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[str, int], fixed: Mapping[str, np.ndarray]
    ) -> Setting:
        question = self.question
        numbers = {size for shape in self.shapes.values() for size in shape if isinstance(size, int)}
        return Setting(question.expr, question.let, shapes, sizes, self.wrt, fixed, None, numbers)

    def build(self) -> None:
        """Make the settings and draw their points."""
        try:
            self._build()
        except AutodiffError as error:
            if error.code != "needs-value" or self.size_names:
                raise
            self._build_pointwise()

    def _build_pointwise(self) -> None:
        """A setting for each point, where shapes depend on data (`x[x > 0]`): the question's own values come first."""
        question, fixed = self.question, self.fixed
        shapes = {name: tuple([int(str(size)) for size in shape]) for name, shape in self.shapes.items()}
        random = Random(question.seed)
        for number in range(4 * POINTWISE):
            drawn = {name for name in shapes if name not in fixed or (name == self.wrt and number)}
            point = {name: fixed[name] for name in shapes if name not in drawn}
            for name in sorted(drawn):
                low, high = bounded(*question.domains.get(name, (-inf, inf)))
                numbers = [low + (high - low) * random.random() for _ in range(prod(shapes[name]))]
                point[name] = np.array(numbers, np.float64).reshape(shapes[name])
            setting = Setting(question.expr, question.let, shapes, {}, self.wrt, fixed, point)
            setting.take_points({name: array[None] for name, array in point.items()}, 1)
            if np.isfinite(setting.value).all() and np.isfinite(setting.expected).all():
                self.settings.append(setting)
            if len(self.settings) == POINTWISE:
                break
        if self.settings and self.wrt in fixed and set(fixed) == set(shapes):
            self.given = self.settings[0]

    def _build(self) -> None:
        question = self.question
        random = Random(question.seed)
        count = max(2, question.points)
        rounds = SETTINGS if self.size_names else 1
        pool = list(SIZES)
        random.shuffle(pool)
        for number in range(rounds):
            chosen = {name: pool[(place + number) % len(pool)] for place, name in enumerate(self.size_names)}
            shapes = {name: tuple([size_of(size, chosen) for size in shape]) for name, shape in self.shapes.items()}
            setting = self._setting(shapes, chosen, self.fixed)
            setting.draw(random, -(-count // rounds), question.domains, self.marks)
            self.settings.append(setting)
        if self.wrt in self.fixed and set(self.fixed) == set(self.shapes):
            self.given = self._setting({n: a.shape for n, a in self.fixed.items()}, {}, self.fixed)
            self.given.take_points({name: array[None] for name, array in self.fixed.items()}, 1)


def prepare(question: Question) -> Prepared:
    """The question ready for answers; raises what is wrong with the key (its expression, shapes or gradient)."""
    fixed = {name: _array(value) for name, value in question.vars.items()}
    shapes: dict[str, Shape] = {**question.shapes, **{name: array.shape for name, array in fixed.items()}}
    free = free_names(Asked(question.expr, shapes, let=question.let))
    wrt = _wrt(question, [*shapes, *free], fixed)
    expected = None
    try:
        found = derive(Asked(question.expr, shapes, [wrt], None, question.let))
    except AutodiffError as error:
        if error.code in WRONG_KEY:
            raise
        shapes |= dict.fromkeys(free, ())  # what else is wrong is told when the graph is built
    else:
        expected = found.gradient[wrt]
        shapes |= {name: found.shapes[name] for name in free}
    prepared = Prepared(question, wrt, shapes, fixed)
    prepared.expected = expected
    for name in question.domains:
        if name not in shapes:
            raise _no_variable(name, shapes, "there is no variable {!r} to have a domain")
    prepared.build()
    _check_key(prepared)
    return prepared


def _array(value: Any) -> np.ndarray:
    """A value as an array: lists and numbers are float64, arrays keep their dtype (class labels stay integers)."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.kind == "f" else value
    array = values.array(value)
    return array if array.dtype.kind == "b" else array.astype(float64.numpy)


def _wrt(question: Question, shapes: Collection[str], fixed: Mapping[str, np.ndarray]) -> str:
    floating = [name for name in shapes if name not in fixed or fixed[name].dtype.kind == "f"]
    if question.wrt is not None:
        if question.wrt not in shapes:
            raise _no_variable(question.wrt, shapes, "cannot differentiate with respect to {!r}: no such variable")
        return question.wrt
    if len(floating) == 1:
        return floating[0]
    if not floating:
        raise AutodiffError("unknown-wrt", "there is no variable to differentiate by", type="ValueError")
    raise AutodiffError(
        "unknown-wrt",
        "which variable is the gradient for?",
        type="ValueError",
        help=f"there are {', '.join(floating)}: say --wrt {floating[0]}",
    )


def _no_variable(name: str, shapes: Collection[str], message: str) -> AutodiffError:
    help = did_you_mean(name, list(shapes)) or ["the variables are " + ", ".join(shapes)]
    return AutodiffError("unknown-wrt", message.format(name), type="ValueError", help=help)


def _check_key(prepared: Prepared) -> None:
    """Compare the key's own gradient with differences of its values; raises `not-differentiable`.

    One point of three that agrees is enough: the others may be at kinks, or where rounding decides.
    """
    question, wrt = prepared.question, prepared.wrt
    setting = prepared.settings[0]
    if not setting.rows or prod(setting.shapes[wrt]) > CHECKED_ELEMENTS:
        return
    for row in range(min(3, setting.rows)):
        leaves = {name: Leaf(array[row], name == wrt) for name, array in setting.feeds.items()}
        let = {**{name: str(size) for name, size in setting.sizes.items()}, **question.let}
        checked = gradcheck(Problem(question.expr, leaves, let=let, wrt=[wrt]), rtol=1e-4, atol=1e-6)
        if checked.error is not None and checked.error.code == "no-grad-path":
            return
        if checked.error is not None or checked.ok:
            return
    raise AutodiffError(
        "not-differentiable",
        f"the gradient of the expression for {wrt} does not agree with differences of its values",
        help=f'autodiff gradcheck "{question.expr}" shows where',
    )


__all__ = ["Prepared", "prepare"]
