"""A class, graded: every answer gets its row, in the order of the input, and equal answers are checked once.

submissions ──(question, text)──▶ different answers ──in processes──▶ Judged ──▶ Grade, a row for each submission
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from autodiff.graph.lookup import did_you_mean
from autodiff.homework.check import check
from autodiff.homework.marking import Grade, Item, Judged, Submission, credit, judged, text_of
from autodiff.homework.prepare import Prepared
from autodiff.homework.workers import Failure, in_workers

LONGEST = 20_000  # characters of an answer
PATIENCE = 3.0  # how many times its own limit an answer may take before its process is ended
START = 5.0  # seconds more, for what is made once for a question

Watch = Callable[[float], None]


def normalised(answer: Any) -> Any:
    """An answer without what makes no difference: blanks at its ends, and more than one between its words."""
    if not isinstance(answer, str):
        return text_of(answer), answer
    if any(sign in answer for sign in "#'\""):  # where blanks and line ends may matter
        return answer.strip(), answer.strip()
    text = re.sub(r"\s+", " ", answer).strip()
    return text, text


def grade(
    items: Mapping[str, Item],
    prepared: Mapping[str, Prepared],
    submissions: Sequence[Submission],
    jobs: int = 1,
    reveal: bool = True,
    watch: Watch | None = None,
) -> Iterator[Grade]:
    """A Grade for each submission, in order, each as soon as it and those before it are known.

    `jobs` processes check answers (0: this one does); one that an answer stalls or ends is replaced.  `watch` is called
    with the part that is done.
    """
    tasks: dict[tuple[str, str], Any] = {}
    keys: list[tuple[str, str] | None] = []
    for submission in submissions:
        key = None
        if _trouble(items, submission) is None:
            text, answer = normalised(submission.answer)
            key = (submission.question, text)
            tasks.setdefault(key, answer)
        keys.append(key)

    def work(task: tuple[tuple[str, str], Any]) -> Judged:
        (question, _), answer = task
        return judged(check(prepared[question], answer), reveal)

    pending = list(tasks.items())
    limits = [PATIENCE * items[question].question.seconds + START for (question, _), _ in pending]
    found: dict[tuple[str, str], Judged] = {}
    written = 0
    for place, result in in_workers(pending, work, limits, jobs):
        found[pending[place][0]] = _stopped(result) if isinstance(result, Failure) else result
        if watch is not None:
            watch(len(found) / len(pending))
        while written < len(keys) and (keys[written] is None or keys[written] in found):
            yield _graded(items, submissions[written], found, keys[written])
            written += 1
    for submission, key in zip(submissions[written:], keys[written:], strict=True):
        yield _graded(items, submission, found, key)


def _graded(
    items: Mapping[str, Item],
    submission: Submission,
    found: Mapping[tuple[str, str], Judged],
    key: tuple[str, str] | None,
) -> Grade:
    answer = "" if submission.answer is None else text_of(submission.answer)
    if key is not None:
        judgement = found[key]
        earned = credit(items[submission.question], judgement)
    else:
        trouble = _trouble(items, submission)
        assert trouble is not None
        judgement = Judged("invalid", trouble[0], "", trouble[1], trouble[1])
        earned = 0.0
    line, student, question, *_ = submission
    return Grade(
        line, student, question, answer, judgement.verdict, earned, judgement.kind, judgement.place,
        judgement.feedback, judgement.cause,
    )  # fmt: skip


def _trouble(items: Mapping[str, Item], submission: Submission) -> tuple[str, str] | None:
    """Why a submission cannot be checked, as a kind and a sentence."""
    if submission.trouble is not None:
        return submission.trouble
    if submission.question not in items:
        help = "".join(f"; {close.rstrip('?')}" for close in did_you_mean(submission.question, list(items)))
        return "unknown-question", f"Line {submission.line}: the key has no question {submission.question!r:.60}{help}."
    answer = submission.answer
    if answer is None or (isinstance(answer, str) and not answer.strip()):
        return "no-answer", "There is no answer."
    if isinstance(answer, str) and len(answer) > LONGEST:
        return "limit-size", f"The answer has {len(answer):,} characters, and at most {LONGEST:,} are read."
    return None


def _stopped(failure: Failure) -> Judged:
    says = "Checking this answer took too long." if failure.late else "This answer could not be checked."
    return Judged("invalid", "limit-time" if failure.late else "internal", "", says, says)
