"""Right, wrong, undecided or invalid: an answer compared with the gradient at sampled points.

    answer ──read──▶ tree ──build──▶ graph ──at every point──▶ compare ──▶ Verdict ──(wrong)──▶ Cause

Nothing that a student writes raises: what cannot be read or evaluated is invalid, with its error.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from random import Random
from time import monotonic
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.build import Builder
from autodiff.graph.node import Node, ancestors
from autodiff.graph.primitive import strengthen
from autodiff.graph.sizes import concrete, show
from autodiff.homework.compare import Compared, compare
from autodiff.homework.landmarks import DECADES, is_piecewise, landmarks
from autodiff.homework.prepare import Prepared, prepare
from autodiff.homework.question import Cause, Question, Verdict
from autodiff.homework.rewritten import with_numbers
from autodiff.homework.rounding import variations
from autodiff.homework.setting import Setting, Stacked
from autodiff.homework.written import Written, pieces, read
from autodiff.syntax.tree import Compare, Tree

# What makes an answer wrong rather than invalid: it can be read, but its tensors do not fit.
MISFITS = frozenset(
    (
        "shape-mismatch", "matmul-shape", "bad-rank", "not-square", "dim-out-of-range", "index-out-of-range",
        "too-many-indices", "bad-view", "ragged-list",
    )
)  # fmt: skip
TOO_LARGE = "the answer makes a tensor that is too large"
MOST_NODES = 5_000
MOST_WORK = 30_000_000  # numbers made, times the longest side of their tensor
HUGE = 10**6
FEWEST = 3  # points that an agreement needs
SHOWN = 200  # numbers of a tensor in a witness


def check(prepared: Prepared, answer: Any, symbolic: bool = False) -> Verdict:
    """The verdict on an answer: a formula, a number, or nested lists of numbers (as text or as data).

    With `symbolic`, also whether the formulas simplify to the same, which decides nothing.  Raises nothing.
    """
    try:
        written = read(answer, prepared.names, prepared.question.allowed)
        if written.numbers is not None and prepared.given is not None:
            return _numbers(prepared, prepared.given, written)
        if prepared.given is not None and not written.names & prepared.names:
            return _numbers(prepared, prepared.given, _computed(prepared, prepared.given, written))
        return _formula(prepared, written, symbolic)
    except AutodiffError as error:
        if error.code == "limit-size" and any("--limit-size" in help for help in error.help):  # not for students
            error = AutodiffError("limit-size", TOO_LARGE, type="MemoryError", span=error.span)
        return _verdict(prepared, "invalid", _sentence(error), error=error)
    except RecursionError:
        found = AutodiffError("limit-nesting", "the answer is nested too deeply", type="RecursionError")
    except (MemoryError, ArithmeticError):
        found = AutodiffError("limit-size", "the answer takes too much work to evaluate", type="MemoryError")
    except Exception as fault:  # one answer may not be the end of a class
        found = AutodiffError("internal", f"internal error: {type(fault).__name__}", type="InternalError")
    return _verdict(prepared, "invalid", _sentence(found), error=found)


def _sentence(error: AutodiffError) -> str:
    return error.message if not error.says else f"{error.message}: {error.says}"


def _verdict(prepared: Prepared, verdict: str, says: str, **more: Any) -> Verdict:
    found: dict[str, Any] = {
        "cause": None, "witness": None, "seed": prepared.question.seed, "points": prepared.points, "error": None,
        "symbolic": None, "expected": prepared.expected,
    }  # fmt: skip
    return Verdict(verdict, says, **{**found, **more})


# Formulas


def _formula(prepared: Prepared, written: Written, symbolic: bool) -> Verdict:
    question = prepared.question
    deadline = monotonic() + question.seconds
    parts: list[Compared] = []
    nodes: list[Node] = []
    smooth = not is_piecewise(pieces(written.tree))
    for setting in prepared.settings:
        try:
            node = evaluable(setting, written.tree, question.let)
        except AutodiffError as error:
            if error.code not in MISFITS:
                raise
            return _misfit(prepared, setting, written.tree, error)
        if node.shape not in (setting.leaf.shape, ()):
            return _other_shape(prepared, setting, node, written.tree)
        nodes.append(node)
        parts.append(_compared(prepared, setting, node, smooth))
        if monotonic() > deadline:
            raise AutodiffError(
                "limit-size", f"the answer takes longer than {question.seconds:g} s", type="TimeoutError"
            )
    agreed = _agreement(prepared, written.tree) if symbolic else None
    verdict = _judged(prepared, written.tree, parts, agreed)
    if verdict.verdict == "right":
        return _further_out(prepared, written.tree, nodes[0]) or verdict
    return verdict


def evaluable(setting: Setting, tree: Tree, let: Any) -> Node:
    """The graph of an answer; raises what building raises, and what would take too long.

    Comparisons count as zeros and ones where a tensor of numbers is needed (`W.T @ (x > 0)`, `1 - (x > 0)`).
    """
    try:
        node = _built(setting, tree, let)
    except AutodiffError as error:
        if not any(isinstance(item, Compare) for item in pieces(tree)):
            raise
        try:
            node = _built(setting, with_numbers(tree), let)
        except AutodiffError:
            raise error from None
    nodes = ancestors([node])
    if len(nodes) > MOST_NODES:
        raise AutodiffError("limit-size", "the answer has too many operations", type="MemoryError", span=tree.span)
    work = 0
    for part in nodes:
        if part.op.impure:
            raise AutodiffError(
                "unknown-function", "an answer may not be random", type="NameError", span=part.span,
                says=f"{part.op.name} draws numbers",
            )  # fmt: skip
        shape = concrete(part.shape)
        work += prod(shape) * max(shape, default=1)
        if work > MOST_WORK:
            raise AutodiffError(
                "limit-size", "the answer takes too much work to evaluate", type="MemoryError", span=part.span
            )
    return node


def _built(setting: Setting, tree: Tree, let: Any) -> Node:
    with setting.building():
        scope = setting.scope()
        builder = Builder(scope)
        for name, text in let.items():
            from autodiff.syntax.parse import parse

            scope[name] = builder.build(parse(text, f"let.{name}"))
        node = builder.tensor(tree)
        return strengthen(node, node.dtype)


def _compared(prepared: Prepared, setting: Setting, node: Node, smooth: bool) -> Compared:
    """The answer and the gradient at the points; where a `smooth` answer overflows, its value says nothing."""
    question = prepared.question
    both = Stacked([node, setting.gradient], prepared.limit_bytes)
    if not setting.rows:
        empty = np.zeros(0, bool)
        return Compared(empty, empty, empty, both.at({}, 0)[0], setting.expected)
    answered, expected = both.at(setting.feeds, setting.rows)
    found = compare(
        answered, expected, lambda: variations(setting, both, (answered, expected)), question.rtol, question.atol,
        setting.least, any(part.op.name == "constant" and _is_huge(part.params[0]) for part in ancestors([node])),
    )  # fmt: skip
    if (
        smooth and found.undefined.any() and found.agree.any()
    ):  # exp(x)/(1 + exp(x)) has a value at 1000, and cannot say so
        found = found._replace(undefined=found.undefined & ~_overflows(prepared, setting, node))
    return found


def _is_huge(value: Any) -> bool:
    """Whether a number is so large, or so small below a fraction, that what is added to it is lost."""
    if not isinstance(value, int | float | Fraction) or value == 0:
        return False
    size: Any = abs(value)
    return bool(size > HUGE or size * HUGE < 1)


def _overflows(prepared: Prepared, setting: Setting, node: Node) -> np.ndarray:
    """The points at which a number on the way to the answer grows beyond what a float can be."""
    found = np.zeros(setting.rows, bool)
    parts = [part for part in ancestors([node]) if part.dtype.is_floating and part.results is None and not part.weak]
    for values in setting.at(parts, prepared.limit_bytes):
        found |= np.isinf(values.reshape(setting.rows, -1)).any(axis=1)
    return found


def _further_out(prepared: Prepared, tree: Tree, node: Node) -> Verdict | None:
    """The verdict on an answer that agrees at the points and differs where it takes another course (`x > 100`)."""
    items = list(pieces(tree))
    marks = [*landmarks(items), *(DECADES if is_piecewise(items) else ())]
    setting = prepared.settings[0]
    if not marks or setting.point is not None or not setting.rows:
        return None
    question = prepared.question
    feeds, places = setting.around(dict.fromkeys(marks), question.domains, Random(question.seed))
    for place in np.unique(places):
        there = setting.moved({name: array[places == place] for name, array in feeds.items()})
        part = _compared(prepared, there, node, False)
        if part.differ.any():
            row = int(np.flatnonzero(part.differ)[0])
            shape = concrete(setting.leaf.shape)
            witness = _witness(there, row, part.answered[row].reshape(shape), part.expected[row].reshape(shape))
            says = f"this is the gradient for {prepared.wrt} at usual points, and not everywhere"
            return _verdict(prepared, "wrong", says, witness=witness)
    return None


def _judged(prepared: Prepared, tree: Tree, parts: list[Compared], symbolic: bool | None) -> Verdict:
    agree, differ, undefined = (
        sum(int(getattr(part, what).sum()) for part in parts) for what in ("agree", "differ", "undefined")
    )
    if differ or (undefined >= FEWEST and not agree):
        return _wrong(prepared, tree, parts, symbolic)
    wrt = prepared.wrt
    if undefined:
        says = f"the answer agrees where it has a value, and has none at {undefined} of {agree + undefined} points"
        says += f" where the gradient has one: its domain in {wrt} is another"
        return _verdict(prepared, "undecided", says, symbolic=symbolic, witness=_first(prepared, parts, "undefined"))
    if agree < min(FEWEST, max(1, prepared.question.points)):
        says = "the expression and its gradient have no value at the points that were tried"
        if prepared.points:
            says = f"there were only {agree} points where both can be compared"
        return _verdict(prepared, "undecided", says, symbolic=symbolic)
    return _verdict(prepared, "right", f"this is the gradient for {wrt}", symbolic=symbolic)


def _wrong(prepared: Prepared, tree: Tree, parts: list[Compared], symbolic: bool | None) -> Verdict:
    cause = _cause(lambda: prepared.search.formula(tree, parts))
    differ = any(part.differ.any() for part in parts)
    witness = _first(prepared, parts, "differ" if differ else "undefined")
    says = cause.says if cause is not None else f"this is not the gradient for {prepared.wrt}"
    if not differ:
        says = "the answer has no value where the gradient has one"
    return _verdict(prepared, "wrong", says, cause=cause, witness=witness, symbolic=symbolic)


def _cause(search: Callable[[], Cause | None]) -> Cause | None:
    """The mistake, if one is found: the verdict stands whatever happens in looking for it."""
    try:
        return search()
    except Exception:
        return None


def _misfit(prepared: Prepared, setting: Setting, tree: Tree, error: AutodiffError) -> Verdict:
    """An answer whose tensors do not fit together."""
    cause = _cause(lambda: prepared.search.misfit(tree))
    says = cause.says if cause is not None else f"the answer cannot be computed: {error.message}"
    witness = _witness(setting, 0, None, setting.expected[0]) if setting.rows else None
    return _verdict(prepared, "wrong", says, cause=cause, witness=witness, error=error)


def _other_shape(prepared: Prepared, setting: Setting, node: Node, tree: Tree) -> Verdict:
    """An answer that is a tensor of another shape than the variable."""
    cause = _cause(lambda: prepared.search.other_shape(tree))
    shapes = f"the answer has shape {setting.shown(node.shape)}, and {prepared.wrt} has shape "
    says = cause.says if cause is not None else shapes + setting.shown(setting.leaf.shape)
    witness = None
    if setting.rows:
        witness = _witness(setting, 0, setting.at([node], prepared.limit_bytes)[0][0], setting.expected[0])
    return _verdict(prepared, "wrong", says, cause=cause, witness=witness)


# Numbers


def _computed(prepared: Prepared, given: Setting, written: Written) -> Written:
    """An answer without variables (`[4/3, 2]`) as the numbers that it comes to."""
    node = evaluable(given, written.tree, prepared.question.let)
    numbers = given.at([node], prepared.limit_bytes)[0][0].astype(np.float64)
    return written._replace(numbers=numbers, allowance=np.zeros_like(numbers))


def _numbers(prepared: Prepared, given: Setting, written: Written) -> Verdict:
    """Numbers against the gradient at the question's own values; how they are written says how exact they are."""
    question = prepared.question
    numbers, allowance = written.numbers, written.allowance
    assert numbers is not None
    assert allowance is not None
    expected = given.expected[0]
    if not np.isfinite(expected).all():
        return _verdict(prepared, "undecided", "the gradient has no value at this point", points=1)
    witness = _witness(given, 0, numbers, expected)
    if numbers.shape != expected.shape:
        cause = _cause(lambda: prepared.search.numbers(numbers, allowance))
        shapes = f"the answer has shape {show(numbers.shape)}, and {prepared.wrt} has shape {show(expected.shape)}"
        says = cause.says if cause is not None else shapes
        return _verdict(prepared, "wrong", says, cause=cause, witness=witness, points=1)
    relative = 1e-6 if question.rtol is None else question.rtol
    absolute = 0.0 if question.atol is None else question.atol
    allowed = np.maximum(allowance, relative * abs(expected) + absolute) + 1e-12
    if (abs(numbers - expected) <= allowed).all():
        return _verdict(prepared, "right", f"this is the gradient for {prepared.wrt} at this point", points=1)
    cause = _cause(lambda: prepared.search.numbers(numbers, allowance))
    says = cause.says if cause is not None else f"this is not the gradient for {prepared.wrt} at this point"
    return _verdict(prepared, "wrong", says, cause=cause, witness=witness, points=1)


# Witnesses


def _first(prepared: Prepared, parts: list[Compared], what: str) -> dict[str, Any] | None:
    """The first point with that outcome."""
    for setting, part in zip(prepared.settings, parts, strict=True):
        rows = np.flatnonzero(getattr(part, what))
        if rows.size:
            row = int(rows[0])
            shape = concrete(setting.leaf.shape)
            return _witness(setting, row, part.answered[row].reshape(shape), part.expected[row].reshape(shape))
    return None


def _witness(setting: Setting, row: int, answer: np.ndarray | None, expected: np.ndarray) -> dict[str, Any]:
    point = {name: _rounded(array[row]) for name, array in setting.feeds.items()}
    return {
        "at": {**setting.sizes, **point},
        "answer": None if answer is None else _rounded(answer),
        "expected": _rounded(expected),
    }


def _rounded(array: np.ndarray) -> Any:
    """Nested lists of numbers of six significant digits; of a large tensor, its first elements in a row."""
    array = np.asarray(array)
    if array.size > SHOWN:
        array = array.reshape(-1)[:SHOWN]
    return _digits(array.tolist())


def _digits(data: Any) -> Any:
    if isinstance(data, list):
        return [_digits(item) for item in data]
    if isinstance(data, float):
        if data != data:
            return "NaN"
        if abs(data) == float("inf"):
            return "Infinity" if data > 0 else "-Infinity"
        return float(f"{data:.6g}")
    return data


def _agreement(prepared: Prepared, tree: Tree) -> bool | None:
    """Whether answer and key simplify to the same formula; None where there is none."""
    from autodiff.homework.symbolic import simplified

    if prepared.expected is None:
        return None
    return simplified(prepared, tree)


__all__ = ["Cause", "Prepared", "Question", "Verdict", "check", "prepare"]
