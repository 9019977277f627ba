"""Which mistake an answer comes from.

    Library ──compared with the answer──▶ Cause

A cause is claimed when its gradient is the answer's at every point and is not the right one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.formula.derive import Question as Asked
from autodiff.formula.derive import derive
from autodiff.graph.node import Node
from autodiff.graph.sizes import Shape
from autodiff.homework.elsewhere import moved
from autodiff.homework.library import Entry, Key, Library, Values, equal
from autodiff.homework.mistakes.integral import HINT, SAYS, derivative_of
from autodiff.homework.mistakes.original import HINT as NOT_DIFFERENTIATED
from autodiff.homework.mistakes.original import WHOLE
from autodiff.homework.mistakes.walk import Slip, behind, count
from autodiff.homework.question import Cause
from autodiff.homework.setting import Setting, stacked
from autodiff.homework.stacks import fraction, is_flat, is_nothing, like, multiple, normalized, symmetric
from autodiff.syntax.tree import Tree

if TYPE_CHECKING:
    from autodiff.homework.compare import Compared
    from autodiff.homework.prepare import Prepared

ENOUGH = 20_000  # numbers of all variables at all points
NOT_MULTIPLIED = frozenset(("original", "integral", "total"))  # what is wrong as a whole, and no part of a rule
BY_SIZES = frozenset(("count", "total"))  # at one choice of sizes, a number may be taken for these
PROBABLE = frozenset(("softmax", "log_softmax", "logsumexp"))  # what is weighed with these is a distribution
OF_BASE = ("pow_of_number", "pow_tensor")  # 2^x is the whole of its derivative but for log(2)


class Search:
    """Looks for the mistake behind wrong answers to one question."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._libraries: dict[int, Library] = {}
        self._smaller: dict[int, Setting] = {}
        self._normalized: dict[tuple[int, str], Setting] = {}

    def library(self, setting: Setting) -> Library:
        found = self._libraries.get(id(setting))
        if found is None:
            found = self._libraries[id(setting)] = Library(setting)
        return found

    def _fewer(self, setting: Setting) -> Setting:
        """Of large tensors, some of the points: their elements are enough to tell mistakes apart."""
        rows = max(2, ENOUGH // max(1, sum(array[0].size for array in setting.feeds.values())))
        if setting.rows <= rows:
            return setting
        found = self._smaller.get(id(setting))
        if found is None:
            found = setting.moved({name: array[:rows] for name, array in setting.feeds.items()})
            self._smaller[id(setting)] = found
        return found

    # Answers

    def formula(self, tree: Tree, parts: Sequence[Compared]) -> Cause | None:
        """The mistake behind an answer that has values of the gradient's shape at the points."""
        settings = [setting for setting in self.prepared.settings if setting.rows]
        values = [
            part.answered.reshape(setting.expected.shape)
            for setting, part in zip(self.prepared.settings, parts, strict=True)
            if setting.rows
        ]
        if settings and settings[0].leaf.shape:
            own = [self._values_of(tree, setting) for setting in settings]
            if own[0].ndim == 1:  # one number for all elements
                if all(equal(value, setting.value) for value, setting in zip(own, settings, strict=True)):
                    return self._placed("original", settings[0].output, WHOLE, NOT_DIFFERENTIATED)
                for given in (values, own) if not all(map(is_nothing, own, settings)) else ():
                    single = self._single(*self._few(settings, given), tree, likely=True)
                    if single is not None:
                        return self._cause(single.slips)
                return self._found(settings, values, tree) or self.other_shape(tree)
        return self._found(settings, values, tree)

    def misfit(self, tree: Tree) -> Cause | None:
        """The mistake behind an answer whose tensors do not fit: they do when all sizes are equal."""
        square = self.prepared.square
        if square is None:
            return None
        attempts = list(self._elsewhere(tree, square))
        if any(equal(values, square.expected) for _, values in attempts):
            says = "the shapes do not fit: this is the gradient only where all sizes are equal"
            return self._placed("shape", square.output, says, "check the shapes, and what has to be transposed")
        for attempt, values in attempts:
            found = self._single([self.library(square)], [values], attempt)
            if found is not None:
                return self._cause(found.slips)
        return self._found([square], [attempts[0][1]], attempts[0][0]) if attempts else None

    def _elsewhere(self, tree: Tree, other: Setting) -> Iterator[tuple[Tree, Values]]:
        """The answer with its values at other sizes, as written and with the sizes and counts in it changed as well."""
        trees = [tree]
        if not self.prepared.size_names:
            trees = moved(tree, self.library(self.prepared.settings[0]), self.library(other))
        for attempt in trees:
            with suppress(AutodiffError):
                yield attempt, self._values_of(attempt, other)

    def other_shape(self, tree: Tree) -> Cause | None:
        """The mistake behind an answer of another shape than the variable."""
        settings = [setting for setting in self.prepared.settings if setting.rows]
        try:
            values = [self._values_of(tree, setting) for setting in settings]
        except AutodiffError:
            return None
        found = self._found(settings, values, tree) if settings else None
        return found or self._spread(settings, values) or self.misfit(tree)

    def _spread(self, settings: Sequence[Setting], values: Sequence[Values]) -> Cause | None:
        """The right numbers, once for several equal ones or with more dimensions."""
        for setting, value in zip(settings, values, strict=True):
            try:
                same_numbers = value.size == setting.expected.size
                whole = value.reshape(setting.expected.shape) if same_numbers else value + 0 * setting.expected
            except ValueError:
                return None
            if not equal(whole, setting.expected):
                return None
        if not settings:
            return None
        shapes = f"{settings[0].shown(values[0].shape[1:])}, and {self.prepared.wrt} has shape "
        says = f"the numbers are right, but the answer has shape {shapes}{settings[0].shown(settings[0].leaf.shape)}"
        return self._placed("shape", settings[0].output, says, "the gradient has the shape of the variable")

    def numbers(self, numbers: np.ndarray, allowance: np.ndarray) -> Cause | None:
        """The mistake behind numbers at the question's own values."""
        given = self.prepared.given
        if given is None:
            return None
        for entry in self.library(given).single.values():
            wrong = entry.values[0]
            if wrong.shape == numbers.shape and np.isfinite(wrong).all():
                allowed = np.maximum(allowance, 1e-6 * abs(wrong)) + 1e-12
                if (abs(wrong - numbers) <= allowed).all():
                    return self._cause(entry.slips)
        if numbers.shape == given.expected[0].shape:
            return self._constant([given], [numbers[None]], 1e-3)
        return None

    def _values_of(self, tree: Tree, setting: Setting) -> Values:
        from autodiff.homework.check import evaluable

        node = evaluable(setting, tree, self.prepared.question.let)
        return setting.at([node], self.prepared.limit_bytes)[0]

    def _found(self, settings: Sequence[Setting], values: Sequence[Values], tree: Tree) -> Cause | None:
        if not settings or not any(np.isfinite(value).any() for value in values):
            return None
        libraries, values = self._few(settings, values)
        settings = [library.setting for library in libraries]
        single = self._single(libraries, values, tree)
        found = None if single is None else self._cause(single.slips)
        if all(map(is_nothing, values, settings)) and (found is None or found.kind == "accumulate"):
            says = f"the answer is 0: {self.prepared.wrt} is treated as a constant"
            return self._placed("accumulate", settings[0].output, says, f"is {self.prepared.wrt} a constant here?")
        number = not settings[0].leaf.shape
        if single is None or (number and not _is_sign(single)):  # for cos(x)' = -sin(x), sin(x) is a sign first
            found = self._integral(settings, tree) or found
        found = found or self._special(settings, tree) or self._factor(settings, libraries, values, tree)
        return found or self._supposing(settings, tree)

    def _few(self, settings: Sequence[Setting], values: Sequence[Values]) -> tuple[list[Library], list[Values]]:
        """The mistakes and the values at as many points as it takes."""
        settings = [self._fewer(setting) for setting in settings]
        values = [value[: setting.rows] for setting, value in zip(settings, values, strict=True)]
        return [self.library(setting) for setting in settings], values

    def _factor(
        self, settings: Sequence[Setting], libraries: Sequence[Library], values: Sequence[Values], tree: Tree
    ) -> Cause | None:
        """A constant factor, if it is the same at other sizes; or a mistake with something on top."""
        constant = self._constant(settings, values, 1e-7)
        if constant is None:
            return self._multiple(libraries, values) or self._pair(libraries, values)
        varied = self.prepared.varied
        others = [] if varied is None else [value for _, value in self._elsewhere(tree, varied)]
        if varied is None or not others:
            return constant
        ratio = multiple(values[0], settings[0].expected, 1e-7)
        for other in others:
            there = multiple(other, varied.expected, 1e-7)
            if ratio is not None and there is not None and abs(there - ratio) < 1e-6 * abs(ratio):
                return constant
        both = [libraries[0], self.library(varied)]
        for other in others:
            found = self._multiple(both, [values[0], other]) or self._pair(both, [values[0], other])
            if found is not None:
                return found
        return constant

    def _single(
        self, libraries: Sequence[Library], values: Sequence[Values], tree: Tree, likely: bool = False
    ) -> Entry | None:
        """One mistake; of several that explain the answer, the first that does so at other sizes too."""
        found = []
        flat = is_flat(values)
        for key, entry in libraries[0].single.items():
            if key in libraries[0].unlikely and (likely or (flat and entry.slips[0].kind != "count")):
                continue  # much comes to a number
            if equal(values[0], entry.values) and self._holds(libraries, values, key):
                found.append((key, entry))
        if not found:
            return None
        chosen = found[0][1]
        whole = next((entry for key, entry in found if key[:2] == ("original", "value")), None)
        first = chosen.slips[0]
        if whole is not None and first.kind in ("power", "quotient") and first.node.op.name not in OF_BASE:
            return whole
        found = [(key, entry) for key, entry in found if key not in libraries[0].unlikely] or found
        kinds = {entry.slips[0].kind for _, entry in found}
        varied = self.prepared.varied
        if varied is None or not (len(kinds) > 1 or kinds & BY_SIZES):
            return chosen
        others = [like(values[0], value, varied) for _, value in self._elsewhere(tree, varied)]
        return self._also(found, varied, others) or (None if others and kinds <= BY_SIZES else chosen)

    def _holds(self, libraries: Sequence[Library], values: Sequence[Values], key: Key) -> bool:
        """Whether a mistake explains the answer at the other sizes too."""
        for library, value in zip(libraries[1:], values[1:], strict=True):
            entry = library.get(key)
            if entry is None or not equal(value, entry.values):
                return False
        return True

    def _also(self, found: Sequence[tuple[Key, Entry]], varied: Setting, others: Sequence[Values]) -> Entry | None:
        """The first mistake that explains the answer at other sizes, where it has these values."""
        library = self.library(varied)
        for answered in others:
            for key, entry in found:
                other = library.get(key)
                if other is not None and equal(answered, other.values):
                    return entry
        return None

    def _integral(self, settings: Sequence[Setting], tree: Tree) -> Cause | None:
        from autodiff.homework.check import evaluable

        for setting in settings:
            try:
                both = derivative_of(evaluable(setting, tree, self.prepared.question.let), setting)
                if both is None:
                    return None
                slope, function = setting.at(both)
                if not equal(slope, function):
                    return None
            except AutodiffError:
                return None
        return self._placed("integral", settings[0].output, SAYS, HINT)

    def _special(self, settings: Sequence[Setting], tree: Tree) -> Cause | None:
        """An answer that is right for symmetric matrices alone, or for numbers that add up to 1."""
        for name, shape in settings[0].shapes.items():
            if settings[0].feeds[name].dtype.kind != "f" or name == self.prepared.wrt:
                continue
            output = settings[0].output
            if len(shape) == 2 and shape[0] == shape[1] and self._right_with(settings, tree, name, symmetric):
                says = f"this is right only for a symmetric {name}: in one place {name} should be transposed"
                return self._placed("transpose", output, says, f"is {name} equal to its transpose?")
            if shape and self._right_with(settings, tree, name, normalized):
                says = f"the sum of {name} is missing as a factor: this is right only where {name} adds up to 1"
                return self._placed("factor", output, says, f"does {name} add up to 1?")
        return None

    def _supposing(self, settings: Sequence[Setting], tree: Tree) -> Cause | None:
        """One mistake, where the answer takes a variable for probabilities (`softmax(z, 0) - y`)."""
        if not any(node.op.name in PROBABLE for node in self.library(settings[0]).walk.useful):
            return None
        for name, shape in settings[0].shapes.items():
            if not shape or settings[0].feeds[name].dtype.kind != "f" or name == self.prepared.wrt:
                continue
            supposed = [self._supposed(setting, name) for setting in settings]
            values = [self._values_of(tree, setting) for setting in supposed]
            single = self._single([self.library(setting) for setting in supposed], values, tree)
            cause = self._constant(supposed, values, 1e-7) if single is None else self._cause(single.slips)
            if cause is not None:
                return cause._replace(says=f"{cause.says}; and {name} is taken to add up to 1")
        return None

    def _supposed(self, setting: Setting, name: str) -> Setting:
        found = self._normalized.get((id(setting), name))
        if found is None:
            found = setting.moved(setting.feeds | {name: normalized(setting.feeds[name])})
            self._normalized[id(setting), name] = found
        return found

    def _right_with(
        self, settings: Sequence[Setting], tree: Tree, name: str, change: Callable[[Values], Values]
    ) -> bool:
        """Whether the answer is right at points where a variable is special."""
        from autodiff.homework.check import evaluable

        for setting in settings:
            feeds = setting.feeds | {name: change(setting.feeds[name])}
            try:
                nodes = [evaluable(setting, tree, self.prepared.question.let), setting.gradient]
                answered, expected = stacked(nodes, feeds, setting.rows)
            except (AutodiffError, ValueError):
                return False
            if not equal(answered, expected):
                return False
        return True

    def _constant(self, settings: Sequence[Setting], values: Sequence[Values], rtol: float) -> Cause | None:
        """The answer as a constant times the gradient."""
        ratios = [multiple(value, setting.expected, rtol) for setting, value in zip(settings, values, strict=True)]
        ratio = ratios[0]
        if ratio is None or any(other is None or abs(other - ratio) > 1e-6 * abs(ratio) for other in ratios):
            return None
        varies = any(np.unique(setting.expected.round(9)).size > 3 for setting in settings)
        exact = fraction(ratio)
        if exact is None and not varies:
            return None
        shown = str(exact) if exact is not None else f"{ratio:.6g}"
        says = f"this is {shown} times the gradient: a constant factor is wrong"
        return self._placed("factor", settings[0].output, says, "check the constant factors")

    def _multiple(self, libraries: Sequence[Library], values: Sequence[Values]) -> Cause | None:
        """A mistake, and the wrong sign or a constant factor on top."""
        if is_flat(values):  # any number is a multiple of any other
            return None
        for key, entry in libraries[0].single.items():
            if key in libraries[0].unlikely or entry.slips[0].kind in NOT_MULTIPLIED:
                continue
            ratio = multiple(values[0], entry.values, 1e-7)
            exact = None if ratio is None else fraction(ratio, 6)
            if exact is None or not self._is_plain(exact):
                continue
            others = [library.get(key) for library in libraries[1:]]
            pairs = zip(values[1:], others, strict=False)
            found = [None if other is None else multiple(value, other.values, 1e-7) for value, other in pairs]
            if any(other is None or abs(other - exact) > 1e-6 for other in found):
                continue
            cause = self._cause(entry.slips)
            more = "the sign is wrong" if exact == -1 else f"that is multiplied by {exact}"
            return cause._replace(says=f"{cause.says}; and {more}")
        return None

    def _is_plain(self, factor: Fraction) -> bool:
        """Whether a factor on top of a mistake is one mistake more, and not several."""
        parts = {factor.numerator, factor.denominator}
        return factor == -1 or (1 in parts and parts <= self._numbers)

    @cached_property
    def _numbers(self) -> set[int]:
        """Numbers that a factor may be made of: those of the expression, those of elements, and the smallest."""
        written = [int(digits) for digits in re.findall(r"\d+", self.prepared.question.expr)]
        walk = self.library(self.prepared.settings[0]).walk
        return {1, 2, *written, *[count(node) for node in walk.useful]}

    def _pair(self, libraries: Sequence[Library], values: Sequence[Values]) -> Cause | None:
        if is_flat(values):
            return None
        for key, entry in libraries[0].pairs.items():
            if not equal(values[0], entry.values):
                continue
            others = [library.get_pair(key) for library in libraries[1:]]
            if all(e is not None and equal(v, e.values) for e, v in zip(others, values[1:], strict=True)):
                return self._cause(entry.slips)
        return None

    # Causes

    def _cause(self, slips: Sequence[Slip]) -> Cause:
        first, *others = [self._placed(slip.kind, slip.node, self._told(slip), slip.hint) for slip in slips]
        for other in others:
            first = first._replace(says=f"{first.says}; and {other.says}", hint=f"{first.hint}; {other.hint}")
        return first

    def _placed(self, kind: str, node: Node, says: str, hint: str) -> Cause:
        span = behind(node).span or self.prepared.settings[0].output.span
        assert span is not None
        return Cause(kind, span.text, (span.start, span.end), says, hint, span.source.name)

    def _told(self, slip: Slip) -> str:
        """What happened, with the derivative that it is about."""
        if "{inner}" not in slip.says:
            return slip.says
        formula = self._derivative(behind(slip.node))
        return slip.says.replace("{inner}", "the inner derivative" + (f" {formula}" if formula else ""))

    def _derivative(self, node: Node) -> str | None:
        prepared = self.prepared
        if node.span is None or node.span.source.name != "expr":
            return None
        numbers: dict[str, Shape] = dict.fromkeys(prepared.shapes, ())
        for shapes in (numbers, prepared.shapes):  # element by element where that goes, 2 rather than 2*ones_like(x)
            try:
                asked = Asked(node.span.text, shapes, [prepared.wrt], None, prepared.question.let)
                formula = derive(asked).gradient[prepared.wrt]
            except AutodiffError:
                continue
            return formula if len(formula) <= 60 else None
        return None


def _is_sign(entry: Entry) -> bool:
    """Whether a mistake is a wrong sign, of a term of the product rule as well."""
    slip = entry.slips[0]
    return slip.kind == "sign" or (slip.kind == "product" and slip.label.startswith("minus"))
