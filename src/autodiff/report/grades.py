"""A class's grades: as rows for other programs, and as a table by question for a person."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from autodiff.homework.marking import KINDS, Grade
from autodiff.homework.summary import ByQuestion, Common, Summary, percent
from autodiff.report.cells import displayed, width
from autodiff.report.diagnostics import Line

COLUMNS = ("student", "question", "verdict", "credit", "kind", "place", "feedback")
FORMULA_SIGNS = "=+-@\t\r\n＝＋－＠"  # a spreadsheet runs a cell that starts with one of these
MOST_COMMON = 3  # mistakes that the table tells of a question, one where there are many questions
MANY = 8
ANSWER_WIDTH = 48
BAR = 20
STYLE = {"right": "right", "wrong": "wrong", "undecided": "warning", "invalid": "note"}


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: with ' in front where it starts like one."""
    signs = (text[:1], text.lstrip()[:1])  # some skip the blanks in front
    return f"'{text}" if any(sign and sign in FORMULA_SIGNS for sign in signs) else text


def number(value: float) -> str:
    """A credit without needless zeros."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def csv_rows(grades: Sequence[Grade], header: bool = False) -> str:
    """Lines of CSV, with the line of names in front if asked for."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(COLUMNS)
    for grade in grades:
        cells = (grade.student, grade.question, grade.verdict, number(grade.credit), grade.kind, grade.place)
        writer.writerow([harmless(cell) for cell in (*cells, grade.feedback)])
    return text.getvalue()


def json_rows(grades: Sequence[Grade]) -> str:
    """JSON lines."""
    from autodiff.request.jsons import dumps

    return "".join(dumps({name: getattr(grade, name) for name in COLUMNS}) + "\n" for grade in grades)


# The table


def table(summary: Summary, columns: int | None = None) -> list[Line]:
    """Verdicts by question, and below them the commonest mistakes; `columns` is the width of the terminal."""
    lines = _heading(summary)
    lines += _verdicts(summary.questions)
    most = MOST_COMMON if len(summary.questions) <= MANY else 1
    mistakes = [line for question in summary.questions for line in _mistakes(question, most, columns)]
    if mistakes:
        lines += [[], [("The commonest mistakes", "title")], *mistakes]
    if summary.stray:
        lines += [[], [(f"{_counted(len(summary.stray), 'line')} without a question of the key:", "warning")]]
        lines += [[(f"  {displayed(grade.feedback)}", "")] for grade in summary.stray[:3]]
    return lines


def _heading(summary: Summary) -> list[Line]:
    verdicts = summary.verdicts
    answers = sum(verdicts.values())
    students = len(summary.students)
    mean = sum(student.earned for student in summary.students) / students if students else 0.0
    says = f"{_counted(answers, 'answer')} of {_counted(students, 'student')}, "
    says += f"on average {number(round(mean, 2))} of {number(summary.possible)} points"
    title: list[Line] = [[(displayed(summary.title), "title")]] if summary.title else []
    return [*title, [(says, "")], []]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")


def _verdicts(questions: Sequence[ByQuestion]) -> list[Line]:
    """A line for each question: how many answers have each verdict, and a bar of those that are right."""
    names = ["question", "right", "wrong", "undecided", "invalid"]
    rows = [[displayed(q.item.id), *(str(q.verdicts[name]) for name in names[1:])] for q in questions]
    widths = [max(width(row[i]) for row in [names, *rows]) for i in range(len(names))]
    lines: list[Line] = [[(_row(names, widths), "title")]]
    for question, row in zip(questions, rows, strict=True):
        right = question.verdicts["right"]
        line: Line = [(_padded(row[0], widths[0]), "")]
        for name, cell, size in zip(names[1:], row[1:], widths[1:], strict=True):
            line.append((f"  {cell:>{size}}", STYLE[name] if cell != "0" else "dim"))
        filled = round(BAR * right / question.answers) if question.answers else 0
        line += [("  ", ""), ("█" * filled, "right"), ("░" * (BAR - filled), "dim")]
        lines.append([*line, (f" {percent(right, question.answers):>5}", "")])
    return lines


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = cells
    return _padded(first, widths[0]) + "".join(
        f"  {cell:>{size}}" for cell, size in zip(others, widths[1:], strict=True)
    )


def _padded(text: str, size: int) -> str:
    return text + " " * (size - width(text))


def _mistakes(question: ByQuestion, most: int, columns: int | None) -> list[Line]:
    """Of one question: the kinds of wrong answers, and the answers that came most often, each with its cause."""
    if not question.common:
        return []
    kinds = ", ".join(f"{KINDS.get(kind, 'cause not found')} {count}" for kind, count in question.kinds.items())
    lines: list[Line] = [
        [],
        [(displayed(question.item.id), "title"), (f"  {displayed(question.item.question.expr)}", "")],
    ]
    if kinds:
        lines.append([(f"  wrong: {kinds}", "dim")])
    for common in question.common[:most]:
        lines += _common(common, columns)
    return lines


def _common(common: Common, columns: int | None) -> list[Line]:
    answer = displayed(" ".join(common.answer.split()))
    if width(answer) > ANSWER_WIDTH:
        answer = answer[: ANSWER_WIDTH - 1] + "…"
    cause = displayed(common.cause)
    head: Line = [(f"  {common.number:>4} × ", STYLE[common.verdict]), (answer, "")]
    indent = 9
    room = (columns or 0) - indent
    if columns is None or room < 20:
        return [head, [(" " * indent + cause, "dim")]]
    from textwrap import wrap

    return [head, *[[(" " * indent + piece, "dim")] for piece in wrap(cause, room)]]
