"""Answers of whole courses: verdict, kind of mistake, and place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from autodiff.homework.check import check
from homework.asking import question

VERDICTS = {"R": "right", "W": "wrong", "N": "wrong", "U": "undecided", "I": "invalid"}
UNEXPLAINED = "none"


class Answer(NamedTuple):
    expr: str
    shapes: str
    wrt: str
    answer: str
    verdict: str
    kinds: str
    at: str


def _answers() -> Iterator[Answer]:
    expr = shapes = wrt = ""
    for line in (Path(__file__).parent / "courses.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("?"):
            expr, shapes, wrt = [part.strip() for part in line[1:].split(" ; ")]
        elif line and not line.startswith("#"):
            head, _, answer = line.partition(": ")
            head, _, at = head.partition(" @ ")
            letter, _, kinds = head.partition(" ")
            yield Answer(expr, shapes, wrt, answer, VERDICTS[letter], kinds if letter != "N" else UNEXPLAINED, at)


ANSWERS = list(_answers())


def _judge(case: Answer) -> None:
    found = check(question(case.expr, case.shapes, case.wrt), case.answer)
    assert found.verdict == case.verdict, found
    if case.kinds == UNEXPLAINED:
        assert found.cause is None, found.cause
    elif case.kinds:
        assert found.cause is not None
        assert found.cause.kind in case.kinds.split(","), found.cause
    if case.at:
        assert found.cause is not None
        assert "".join(found.cause.at.split()) == "".join(case.at.split())


@pytest.mark.parametrize("case", ANSWERS[::8], ids=lambda case: f"{case.expr} | {case.answer}")
def test_answer(case: Answer) -> None:
    _judge(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case.expr} | {case.answer}")
def test_each_answer(case: Answer) -> None:
    _judge(case)
