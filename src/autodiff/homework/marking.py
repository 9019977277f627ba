"""What a class hands in and what it gets back: plain records, and the row that a verdict becomes.

Submission ──check──▶ Verdict ──judged──▶ Judged ──credit──▶ Grade
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from autodiff.homework.question import Question, Verdict

VERDICTS = ("right", "wrong", "undecided", "invalid")
# The kinds of mistakes that a key can give credit for, and what a report calls them.
KINDS = {
    "sign": "wrong sign",
    "factor": "wrong constant factor",
    "chain": "inner derivative left out",
    "count": "mean taken for sum, or sum for mean",
    "transpose": "transpose missing or superfluous",
    "product": "product rule",
    "quotient": "quotient rule",
    "power": "power rule",
    "accumulate": "one use of a variable lost",
    "elementwise": "* taken for @, or @ for *",
    "shape": "wrong shape",
    "integral": "antiderivative instead of derivative",
    "original": "the expression itself",
    "total": "differentiated by another variable, or twice",
}
OTHERS = ("wrong", "undecided")  # credit for what has none of these kinds
FEEDBACK_LENGTH = 600  # characters
WITNESS_NUMBERS = 12  # in the feedback; a larger point is named by the shape of its tensors


class Item(NamedTuple):
    """A question of a key: what it is worth, and which part of that an answer with a mistake earns, by its kind."""

    id: str
    question: Question
    points: float = 1.0
    credit: Mapping[str, float] = {}
    title: str = ""


class Submission(NamedTuple):
    """One answer of one student; `trouble` is the kind and the reason of what cannot be an answer."""

    line: int
    student: str
    question: str
    answer: Any
    trouble: tuple[str, str] | None = None


class Judged(NamedTuple):
    """What is the same for all students with this answer."""

    verdict: str
    kind: str = ""
    place: str = ""
    feedback: str = ""
    cause: str = ""


class Grade(NamedTuple):
    """The verdict on a submission; `answer` is its text, `cause` a wrong answer's cause in a sentence."""

    line: int
    student: str
    question: str
    answer: str
    verdict: str
    credit: float
    kind: str
    place: str
    feedback: str
    cause: str


def judged(verdict: Verdict, reveal: bool = True) -> Judged:
    """The row that a verdict becomes; without `reveal` it does not give the answer away."""
    if verdict.verdict == "invalid":
        return _invalid(verdict)
    if verdict.verdict == "right":
        return Judged("right")
    cause = verdict.cause
    if cause is None:
        says = verdict.says if reveal or verdict.error is not None else "this is not the gradient"
        kind, place = "", ""
    else:
        says, kind, place = (cause.says if reveal else cause.hint), cause.kind, cause.at
    sentences = [_sentence(says)]
    if verdict.verdict == "wrong":
        sentences += _evidence(verdict, reveal)
    return Judged(verdict.verdict, kind, place, _short(" ".join(sentences)), _short(_sentence(says)))


def _invalid(verdict: Verdict) -> Judged:
    """What an answer that is none says: the error, the piece of the answer, and how to get out of it."""
    error = verdict.error
    if error is None:
        return Judged("invalid", "", "", _short(_sentence(verdict.says)), _short(_sentence(verdict.says)))
    place = error.span.text if error.span is not None else ""
    sentences = [_sentence(verdict.says), *[_sentence(help) for help in error.help[:1]]]
    return Judged("invalid", error.code, _short(place), _short(" ".join(sentences)), _short(_sentence(verdict.says)))


def _evidence(verdict: Verdict, reveal: bool) -> list[str]:
    """A point at which the answer is wrong, and the right formula."""
    found = []
    witness = verdict.witness
    if witness is not None and witness["answer"] is not None and _numbers(witness) <= WITNESS_NUMBERS:
        at = ", ".join(f"{name} = {shown(value)}" for name, value in witness["at"].items())
        where = f"At {at} the answer" if at else "The answer"
        expected = f", and the gradient is {shown(witness['expected'])}" if reveal else ", and the gradient is not"
        found.append(f"{where} is {shown(witness['answer'])}{expected}.")
    if reveal and verdict.expected is not None:
        found.append(f"Expected: {verdict.expected}")
    return found


def _numbers(witness: Mapping[str, Any]) -> int:
    return sum(_count(value) for value in (*witness["at"].values(), witness["answer"], witness["expected"]))


def _count(data: Any) -> int:
    return sum(map(_count, data)) if isinstance(data, list) else 1


def shown(data: Any) -> str:
    """Nested lists of numbers as text, six digits each."""
    if isinstance(data, list):
        return "[" + ", ".join(map(shown, data)) + "]"
    return f"{data:.6g}" if isinstance(data, float) else str(data)


def _sentence(text: str) -> str:
    text = text.strip()
    if re.match(r"[a-z]{2,}[ ,]", text):  # a word, not a formula or the name of a variable
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) or not text else text + "."


def _short(text: str) -> str:
    return text if len(text) <= FEEDBACK_LENGTH else text[: FEEDBACK_LENGTH - 1] + "…"


def credit(item: Item, judgement: Judged) -> float:
    """What an answer earns, of the question's points."""
    if judgement.verdict == "right":
        return item.points
    part = item.credit.get(judgement.kind if judgement.verdict == "wrong" and judgement.kind else judgement.verdict)
    if part is None:
        part = item.credit.get(judgement.verdict, 0.0)
    return item.points * part


def text_of(answer: Any) -> str:
    """What a student wrote, as text."""
    if isinstance(answer, str):
        return answer
    try:
        return shown(answer)
    except RecursionError:
        return "[…]"
