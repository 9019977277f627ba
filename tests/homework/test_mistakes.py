"""The mistake is named, and placed, for homework of every kind."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from autodiff.errors import AutodiffError
from autodiff.homework.check import Question, check, prepare
from autodiff.homework.mistakes import KINDS
from homework.asking import question, verdict
from homework.homework_cases import CASES, Case
from homework.mutations import Mutated, mutated
from homework.rewrites import backwards, by_hand
from ops.samples import Sample, samples

GOLDEN = Path(__file__).parents[1] / "golden" / "check.jsonl"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.expr} | {case.answer}")
def test_homework(case: Case) -> None:
    found = verdict(case.expr, case.shapes, case.answer)
    if not case.kinds:
        assert found.verdict == "right", found.says
        return
    assert found.verdict == "wrong"
    assert found.cause is not None
    assert found.cause.kind in case.kinds.split(), found.cause
    if case.at:
        assert found.cause.at.replace(" ", "") == case.at.replace(" ", "")
    start, end = found.cause.span
    assert case.expr[start:end] == found.cause.at


def test_every_kind_is_found_somewhere() -> None:
    kinds = {verdict(case.expr, case.shapes, case.answer).cause for case in CASES[::2] if case.kinds}
    assert {cause.kind for cause in kinds if cause is not None} == set(KINDS)


@pytest.mark.parametrize("line", GOLDEN.read_text(encoding="utf-8").splitlines())
def test_golden(line: str) -> None:
    case = json.loads(line)
    request, expected = case["request"], case["expect"]
    shapes = {name: tuple(sizes) for name, sizes in request["shapes"].items()}
    found = check(prepare(Question(request["expr"], request["wrt"][0], shapes)), request["answer"])
    assert found.verdict == expected["verdict"]
    if "causes" in expected:
        assert found.cause is not None
        assert found.cause.kind in expected["causes"]
    if "at" in expected:
        assert found.cause is not None
        assert found.cause.at.replace(" ", "") == expected["at"].replace(" ", "")


def _judge(cases: list[Mutated]) -> float:
    """Every verdict is right; the part of mistakes that are named."""
    named = []
    for case in cases:
        found = check(prepare(Question(case.expr, case.wrt, case.shapes)), case.answer)
        assert found.verdict == ("wrong" if case.kinds else "right"), (case, found)
        if case.kinds:
            named.append(found.cause is not None and found.cause.kind in case.kinds)
    return sum(named) / len(named)


def test_mutated_answers() -> None:
    assert _judge(mutated(120, seed=4)) >= 0.9


@pytest.mark.slow
def test_many_mutated_answers() -> None:
    assert _judge(mutated(2000, seed=5)) >= 0.9


@pytest.mark.parametrize(("expr", "shapes", "answer"), by_hand())
def test_right_in_other_words(expr: str, shapes: str, answer: str) -> None:
    found = verdict(expr, shapes, answer)
    undefined = found.verdict == "undecided" and "has a value" in found.says
    assert found.verdict == "right" or (undefined and "log" in answer), found


def _rewritten(count: int) -> None:
    random = Random(11)
    right = [case for case in mutated(4 * count, seed=6) if not case.kinds and not case.shapes[case.wrt]][:count]
    for case in right:
        answer = backwards(case.answer, case.wrt, random)
        found = check(prepare(Question(case.expr, case.wrt, case.shapes)), answer)
        assert found.verdict == "right", (case.expr, answer, found)


def test_rules_backwards() -> None:
    _rewritten(40)


@pytest.mark.slow
def test_many_rules_backwards() -> None:
    _rewritten(500)


def test_a_pair_of_mistakes() -> None:
    found = verdict("sin(x^2) + exp(3*x)", "x:", "cos(x^2) + exp(3*x)")
    assert found.verdict == "wrong"
    assert found.cause is not None
    assert "; and " in found.cause.says


def test_an_unexplained_answer_has_no_cause() -> None:
    found = verdict("x^3", "x:", "sin(x) + 17*cosh(x)")
    assert found.verdict == "wrong"
    assert found.cause is None
    assert found.witness is not None


def test_what_is_said_of_an_inner_derivative() -> None:
    found = verdict("sin(x^2)", "x:", "cos(x^2)")
    assert found.cause is not None
    assert found.cause.says == "this is the gradient without the inner derivative 2*x of x^2"
    assert "2*x" not in found.cause.hint


def test_a_size_is_told_from_a_constant() -> None:
    """12 elements and a factor of 12: at other sizes only one of them explains the answer."""
    found = verdict("mean(12*x^2)", "x:4,3", "2*x/numel(x)")
    assert found.cause is not None
    assert found.cause.kind == "factor"
    found = verdict("mean(12*x^2)", "x:4,3", "24*x")
    assert found.cause is not None
    assert found.cause.kind == "count"


def test_libraries_are_made_once() -> None:
    prepared = question("x*exp(x)", "x:")
    check(prepared, "exp(x)")
    first = prepared.search.library(prepared.settings[0])
    check(prepared, "x*exp(x)")
    assert prepared.search.library(prepared.settings[0]) is first


@pytest.mark.slow
@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.text)
def test_every_operation_as_homework(sample: Sample) -> None:
    """Its own formula is right, and looking for mistakes in it comes to an end."""
    shapes = {name: leaf.array.shape for name, leaf in sample.variables.items()}
    domains = {
        name: (float(leaf.array.min()), float(leaf.array.max()) + 1e-3) for name, leaf in sample.variables.items()
    }
    if not shapes or any(leaf.array.size == 0 for leaf in sample.variables.values()):
        pytest.skip("nothing to differentiate by")
    try:
        prepared = prepare(Question(f"sum({sample.expr})", next(iter(shapes)), shapes, domains=domains))
    except AutodiffError as error:
        if error.code not in ("needs-value", "not-differentiable"):
            raise
        return
    library = prepared.search.library(prepared.settings[0])
    assert all(len(entry.slips) == 2 for entry in library.pairs.values())
    if prepared.expected is not None and len(prepared.expected) < 1000:
        assert check(prepared, prepared.expected).verdict in ("right", "undecided")


def test_a_misread_transpose_of_a_product() -> None:
    """The answer cannot be computed; with all sizes equal it can, and is explained."""
    found = verdict("sum((X @ w - y)^2)", "w:3 X:4,3 y:4", "2*X @ (X @ w - y)")
    assert found.verdict == "wrong"
    assert found.error is not None
    assert found.error.code == "matmul-shape"
    assert found.cause is not None
    assert (found.cause.kind, found.cause.at) == ("transpose", "X @ w")


def test_a_kind_that_fails_leaves_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = prepare(Question("x^3", "x"))

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(type(prepared.search), "formula", broken)
    found = check(prepared, "x^2")
    assert (found.verdict, found.cause) == ("wrong", None)
