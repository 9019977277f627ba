"""A verdict as a person sees it: the word, where and why, a point that shows it, and the right formula.

wrong: this is the gradient without the 1/n of the mean: mean(2*(x+1)^2) averages over 6 elements
  │ mean(2*(x+1)^2)
  │ ━━━━━━━━━━━━━━━ count
  = witness: x.grad[0, 0] is 0.666667 at x = [[0.5, …], …], and the answer has 4
  = expected: x.grad = 4*(x + 1)/6
  = points: 12, drawn with --seed 0
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import Source
from autodiff.homework.question import Verdict
from autodiff.report.cells import displayed
from autodiff.report.diagnostics import Line, Mark, excerpt, remark

STYLES = {"right": "note", "wrong": "error", "undecided": "warning", "invalid": "error"}
LONGEST = 160  # characters of a point's values


def verdict_lines(
    verdict: Verdict, expr: str, wrt: str, let: dict[str, str], reveal: bool = True, columns: int | None = None
) -> list[Line]:
    """The lines of a verdict; without `reveal`, nothing in them gives the answer away."""
    says = verdict.says
    if not reveal and verdict.verdict == "wrong":
        says = verdict.cause.hint if verdict.cause is not None else f"this is not the gradient for {wrt}"
    head = (verdict.verdict, STYLES[verdict.verdict])
    lines: list[Line] = [[head, (": ", ""), (displayed(says), "message")]]
    cause, error = verdict.cause, verdict.error
    if cause is not None:
        text = expr if cause.source == "expr" else let.get(cause.source.removeprefix("let."), expr)
        lines += excerpt(Source(cause.source, text), [Mark(*cause.span, cause.kind, "mark")], 1, columns)
    if error is not None and error.span is not None:
        mark = Mark(error.span.start, error.span.end, displayed(error.says), "mark")
        lines += excerpt(error.span.source, [mark], 1, columns)
    if error is not None and reveal:
        for help in error.help:
            lines += remark("help", help, 1, columns)
    if verdict.witness is not None:
        lines += remark("witness", witness_text(verdict.witness, wrt, reveal), 1, columns)
    if reveal and verdict.verdict == "wrong" and verdict.expected is not None:
        lines += remark("expected", f"{wrt}.grad = {verdict.expected}", 1, columns)
    if verdict.symbolic and verdict.verdict == "right":
        lines += remark("formula", "it simplifies to the same formula", 1, columns)
    if verdict.verdict != "invalid":
        lines += remark("points", f"{verdict.points}, --seed {verdict.seed}", 1, columns)
    return lines


def witness_text(witness: dict[str, Any], wrt: str, reveal: bool = True) -> str:
    """A point, with the answer and the gradient there (where they differ most)."""
    at = ", ".join(f"{name} = {_short(value)}" for name, value in witness["at"].items())
    expected, answer = witness["expected"], witness["answer"]
    if answer is None:
        return f"at {at} the gradient is {_short(expected)}" if reveal else f"look at {at}"
    place = ""
    right, wrong = _numbers(expected), _numbers(answer)
    if right is not None and wrong is not None and right.shape == wrong.shape and right.ndim:
        index = np.unravel_index(int(np.argmax(np.nan_to_num(abs(right - wrong), nan=np.inf))), right.shape)
        place = str([int(i) for i in index])
        expected, answer = f"{right[index]:.6g}", f"{wrong[index]:.6g}"
    if not reveal:
        return f"it is not {_short(answer)}{f' in {place}' if place else ''} at {at}"
    return f"{wrt}.grad{place} is {_short(expected)}, and the answer has {_short(answer)}, at {at}"


def _numbers(data: Any) -> np.ndarray | None:
    try:
        return np.array(data, np.float64)
    except (ValueError, TypeError):
        return None


def _short(value: Any) -> str:
    text = str(value).replace("'", "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
