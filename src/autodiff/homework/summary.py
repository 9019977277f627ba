"""A class at a glance: by question, what was right and wrong; by student, what was earned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from autodiff.homework.marking import VERDICTS, Grade, Item

MOST = 5  # common mistakes of a question that are told


class Common(NamedTuple):
    """A wrong or invalid answer, why it is that, and how many (`number`) gave it."""

    answer: str
    verdict: str
    kind: str
    place: str
    cause: str
    number: int


class ByQuestion(NamedTuple):
    """One question's answers: how many have each verdict, how many wrong ones each kind of mistake."""

    item: Item
    verdicts: Mapping[str, int]
    kinds: Mapping[str, int]
    earned: float
    common: Sequence[Common]

    @property
    def answers(self) -> int:
        return sum(self.verdicts.values())


class ByStudent(NamedTuple):
    """One student's answers, the last one to each question, and the credit for them."""

    name: str
    grades: Mapping[str, Grade]
    earned: float


class Summary(NamedTuple):
    """`stray` are the rows that belong to no question."""

    title: str
    questions: Sequence[ByQuestion]
    students: Sequence[ByStudent]
    stray: Sequence[Grade]
    possible: float

    @property
    def verdicts(self) -> dict[str, int]:
        """How many answers have each verdict."""
        return {verdict: sum(q.verdicts[verdict] for q in self.questions) for verdict in VERDICTS}


def summary(items: Mapping[str, Item], grades: Iterable[Grade], title: str = "") -> Summary:
    """Questions in the order of the key, students in the order in which they appear."""
    by_question: dict[str, list[Grade]] = {id: [] for id in items}
    by_student: dict[str, dict[str, Grade]] = {}
    stray = []
    for grade in grades:
        if grade.question not in items:
            stray.append(grade)
            continue
        by_question[grade.question].append(grade)
        by_student.setdefault(grade.student, {})[grade.question] = grade
    students = [ByStudent(name, own, sum(g.credit for g in own.values())) for name, own in by_student.items()]
    questions = [_by_question(items[id], own) for id, own in by_question.items()]
    return Summary(title, questions, students, stray, sum(item.points for item in items.values()))


def _by_question(item: Item, grades: Sequence[Grade]) -> ByQuestion:
    verdicts = Counter(grade.verdict for grade in grades)
    kinds = Counter(grade.kind for grade in grades if grade.verdict == "wrong")
    return ByQuestion(
        item,
        {verdict: verdicts[verdict] for verdict in VERDICTS},
        dict(kinds.most_common()),
        sum(grade.credit for grade in grades),
        _common(grades),
    )


def _common(grades: Sequence[Grade]) -> list[Common]:
    """The answers that are not right, the most frequent first; those that differ in blanks alone count as one."""
    first: dict[str, Grade] = {}
    counts: Counter[str] = Counter()
    for grade in grades:
        if grade.verdict == "right" or grade.kind == "no-answer":
            continue
        text = "".join(grade.answer.split())
        first.setdefault(text, grade)
        counts[text] += 1
    found = []
    for text, count in counts.most_common(MOST):
        grade = first[text]
        found.append(Common(grade.answer.strip(), grade.verdict, grade.kind, grade.place, grade.cause, count))
    return found


def percent(part: float, whole: float) -> str:
    """A share in whole percent."""
    return f"{100 * part / whole:.0f} %" if whole else "–"
