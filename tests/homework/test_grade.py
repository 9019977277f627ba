"""Grading: order, credit, equal answers, and answers that stall or end a process."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

import pytest

from autodiff.homework import grade as module
from autodiff.homework.check import check
from autodiff.homework.grade import grade
from autodiff.homework.marking import Grade, Item, Submission, judged
from autodiff.homework.prepare import Prepared, prepare
from autodiff.homework.question import Cause, Question, Verdict
from autodiff.homework.summary import summary
from autodiff.homework.workers import Failure, in_workers

ITEMS = {
    "a": Item("a", Question("x^3"), 4, {"power": 0.25, "wrong": 0.1}),
    "b": Item("b", Question("sin(x^2)"), 2),
}
PREPARED: dict[str, Prepared] = {}


@pytest.fixture(autouse=True)
def _prepared() -> None:
    for id, item in ITEMS.items():
        PREPARED.setdefault(id, prepare(item.question))


def graded(*answers: tuple[str, Any], jobs: int = 0, reveal: bool = True) -> list[Grade]:
    submissions = [Submission(i, f"s{i}", question, answer) for i, (question, answer) in enumerate(answers)]
    return list(grade(ITEMS, PREPARED, submissions, jobs, reveal))


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_rows_come_in_order_with_verdict_credit_kind_and_place(jobs: int) -> None:
    rows = graded(
        ("b", "cos(x^2)"), ("a", "3*x^2"), ("a", "3*x^3"), ("a", "exp(x) + 7"), ("c", "x"), ("a", " "), ("a", "2x"),
        ("a", "y"), ("a", 5), ("a", "3*x^2"), jobs=jobs,
    )  # fmt: skip
    assert [row.student for row in rows] == [f"s{i}" for i in range(10)]
    assert [(row.verdict, row.credit, row.kind, row.place) for row in rows] == [
        ("wrong", 0, "chain", "x^2"),
        ("right", 4, "", ""),
        ("wrong", 1, "power", "x^3"),
        ("wrong", pytest.approx(0.4), "", ""),
        ("invalid", 0, "unknown-question", ""),
        ("invalid", 0, "no-answer", ""),
        ("invalid", 0, "implicit-product", "2x"),
        ("invalid", 0, "unknown-name", "y"),
        ("wrong", pytest.approx(rows[8].credit), rows[8].kind, rows[8].place),
        ("right", 4, "", ""),
    ]


def test_feedback_says_why_with_a_point_and_the_answer_unless_it_is_not_to_be_revealed() -> None:
    (row,) = graded(("a", "3*x^3"))
    assert "Expected: 3*x^2" in row.feedback
    assert "and the gradient is " in row.feedback
    for answer in ("3*x^3", "exp(x) + 7"):
        (row,) = graded(("a", answer), reveal=False)
        assert "3*x^2" not in row.feedback
        assert "the gradient is not" in row.feedback


def test_equal_answers_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def counted(prepared: Prepared, answer: Any) -> Verdict:
        asked.append(answer)
        return check(prepared, answer)

    monkeypatch.setattr(module, "check", counted)
    rows = graded(("a", "3 * x^2"), ("a", "3  *\nx^2 "), ("b", "3 * x^2"), ("a", "3 * x^2"))
    assert len(asked) == 2
    assert [row.verdict for row in rows] == ["right", "right", "wrong", "right"]


def test_blanks_that_matter_are_kept() -> None:
    rows = graded(("a", "3*x # twice\n *x"), ("a", "3*x ^2"), ("a", "3*x* *2"), ("a", "3*x**2"))
    assert [row.verdict for row in rows] == ["right", "right", "invalid", "right"]


def test_a_row_is_there_before_the_next_answer_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def noted(prepared: Prepared, answer: Any) -> Verdict:
        asked.append(answer)
        return check(prepared, answer)

    monkeypatch.setattr(module, "check", noted)
    rows = grade(ITEMS, PREPARED, [Submission(i, "", "a", f"{i}*x^2") for i in range(5)], 0)
    assert next(rows).verdict == "wrong"
    assert asked == ["0*x^2"]


def test_without_revealing_the_hint_is_told() -> None:
    cause = Cause("chain", "x^2", (4, 7), "this is the gradient without 2*x", "look at the chain rule")
    witness = {"at": {"x": 1.0}, "answer": 2.0, "expected": 30.0}
    verdict = Verdict("wrong", cause.says, cause, witness, 0, 12, None, None, "2*x*cos(x^2)")
    assert judged(verdict).feedback == (
        "This is the gradient without 2*x. At x = 1 the answer is 2, and the gradient is 30. Expected: 2*x*cos(x^2)"
    )
    hint = judged(verdict, reveal=False)
    assert hint.feedback == "Look at the chain rule. At x = 1 the answer is 2, and the gradient is not."
    assert (hint.kind, hint.place, hint.cause) == ("chain", "x^2", "Look at the chain rule.")


def test_lists_of_any_depth() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    (row,) = graded(("a", deep))
    assert (row.verdict, row.answer) == ("invalid", "[…]")


def test_an_answer_that_ends_or_stalls_its_process_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:

    def treacherous(prepared: Prepared, answer: Any) -> Verdict:
        if answer == "ends":
            os._exit(3)
        while answer == "stalls":
            time.sleep(1)
        return check(prepared, answer)

    monkeypatch.setattr(module, "check", treacherous)
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    monkeypatch.setattr(module, "START", 0.3)
    rows = graded(("a", "ends"), ("a", "3*x^2"), ("a", "stalls"), ("b", "ends"), ("a", "x^2"), jobs=2)
    assert [(row.verdict, row.kind) for row in rows] == [
        ("invalid", "internal"),
        ("right", ""),
        ("invalid", "limit-time"),
        ("invalid", "internal"),
        ("wrong", "power"),
    ]


def test_progress_ends_at_one() -> None:
    parts: list[float] = []
    list(grade(ITEMS, PREPARED, [Submission(1, "", "a", "x"), Submission(2, "", "a", "x^2")], 0, True, parts.append))
    assert parts == [0.5, 1.0]


def test_workers_give_each_result_once() -> None:
    found: Mapping[int, Any] = dict(in_workers(list(range(20)), lambda n: n * n, [60.0] * 20, 3))
    assert found == {n: n * n for n in range(20)}
    assert list(in_workers([], abs, [], 2)) == []
    assert dict(in_workers([0], lambda _: os._exit(1), [60.0], 1)) == {0: Failure(late=False)}


def test_summary() -> None:
    rows = graded(("a", "3*x^2"), ("a", "x^2"), ("a", "x ^ 2"), ("a", "2x"), ("a", ""), ("z", "x"))
    again = rows[0]._replace(student="s1")  # answered a second time, rightly
    found = summary(ITEMS, [*rows, again], "Sheet")
    first, second = found.questions
    assert first.verdicts == {"right": 2, "wrong": 2, "undecided": 0, "invalid": 2}
    assert first.kinds == {"power": 2}
    assert [(c.answer, c.number) for c in first.common] == [("x^2", 2), ("2x", 1)]
    assert second.answers == 0
    assert {student.name: student.earned for student in found.students} == {"s0": 4, "s1": 4, "s2": 1, "s3": 0, "s4": 0}
    assert [row.question for row in found.stray] == ["z"]
    assert found.possible == 6
