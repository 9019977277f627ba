"""A class's grades as one page: opens in any browser, prints, and needs neither a network nor a script.

Whatever a student, or the key, wrote is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from autodiff.homework.marking import KINDS, VERDICTS, Grade, Item
from autodiff.homework.summary import ByQuestion, ByStudent, Common, Summary, percent
from autodiff.report.cells import displayed
from autodiff.report.grades import number

STYLE = __file__.rpartition("html.py")[0] + "page.css"
SIGNS = {"right": "✓", "wrong": "✗", "undecided": "?", "invalid": "!"}
LONGEST = 300  # characters of an answer, or of a name, that are shown


def page(summary: Summary) -> str:
    """The whole document."""
    with open(STYLE, encoding="utf-8") as file:
        style = file.read()
    title = summary.title or "Homework"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{_text(title)}</title>",
        f"<style>\n{style}</style></head><body><main>",
        f"<header><h1>{_text(title)}</h1>{_figures(summary)}</header>",
        _overview(summary.questions),
        *(_question(place, question) for place, question in enumerate(summary.questions, 1)),
        _stray(summary.stray),
        _matrix(summary),
        _students(summary.students),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _text(text: str) -> str:
    """Text as HTML; what could turn or hide the text around it is shown as symbols."""
    return escape(displayed(text))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _name(student: ByStudent) -> str:
    return _text(_shortened(student.name)) or "<i>no name</i>"


def _code(text: str) -> str:
    text = _shortened(text.strip())
    return f"<code>{_text(' '.join(text.split()))}</code>" if text else ""


def _figures(summary: Summary) -> str:
    """The class in four numbers."""
    verdicts = summary.verdicts
    answers = sum(verdicts.values())
    students = len(summary.students)
    mean = sum(student.earned for student in summary.students) / students if students else 0.0
    figures = [
        (str(students), "student" if students == 1 else "students"),
        (str(answers), "answer" if answers == 1 else "answers"),
        (percent(verdicts["right"], answers), "right"),
        (number(round(mean, 1)), f"of {number(summary.possible)} points on average"),
    ]
    items = "".join(f"<div><dt>{_text(what)}</dt><dd>{_text(figure)}</dd></div>" for figure, what in figures)
    undecided = verdicts["undecided"]
    look = ""
    if undecided:
        answers_are = "answer is" if undecided == 1 else "answers are"
        look = f'<p class="look">{undecided} {answers_are} undecided and should be looked at by hand.</p>'
    return f'<dl class="figures">{items}</dl>{look}'


# By question


def _overview(questions: Sequence[ByQuestion]) -> str:
    """A bar for each question, cut by verdict."""
    rows = "".join(
        f'<tr><th scope="row"><a href="#q{place}">{_text(question.item.id)}</a></th>'
        f'<td class="chart">{_bar(question)}</td>'
        f'<td class="n">{percent(question.verdicts["right"], question.answers)}</td>'
        f'<td class="n">{_mean(question)}</td></tr>'
        for place, question in enumerate(questions, 1)
    )
    legend = "".join(f'<li><span class="swatch {verdict}"></span>{verdict}</li>' for verdict in VERDICTS)
    return (
        f'<section><h2>Questions</h2><ul class="legend">{legend}</ul><table class="overview"><thead><tr>'
        '<th scope="col">Question</th><th scope="col">Answers</th><th scope="col" class="n">Right</th>'
        f'<th scope="col" class="n">Points, on average</th></tr></thead><tbody>{rows}</tbody></table></section>'
    )


def _mean(question: ByQuestion) -> str:
    if not question.answers:
        return "–"
    return f"{number(round(question.earned / question.answers, 2))} of {number(question.item.points)}"


def _bar(question: ByQuestion) -> str:
    """Verdicts side by side, in an inline drawing that prints as it looks."""
    if not question.answers:
        return '<span class="none">no answers</span>'
    pieces, at = [], 0.0
    for verdict in VERDICTS:
        count = question.verdicts[verdict]
        size = 100 * count / question.answers
        if count:
            tip = f"<title>{count} {verdict}</title>"
            pieces.append(f'<rect class="{verdict}" x="{at:.2f}%" width="{size:.2f}%" y="0" height="16">{tip}</rect>')
        at += size
    counts = ", ".join(f"{question.verdicts[verdict]} {verdict}" for verdict in VERDICTS)
    return f'<svg role="img" aria-label="{counts}" width="100%" height="16">{"".join(pieces)}</svg>'


def _question(place: int, question: ByQuestion) -> str:
    """One question: what was asked, the kinds of mistakes, the commonest wrong answers."""
    item = question.item
    title = f" <small>{_text(item.title)}</small>" if item.title else ""
    parts = [f'<h3 id="q{place}">{_text(item.id)}{title}</h3>', f'<p class="asked">{_asked(item)}</p>']
    if question.kinds:
        parts.append(_kinds(question))
    if question.common:
        rows = "".join(_common(common) for common in question.common)
        parts.append(
            '<table class="common"><thead><tr><th scope="col" class="n">Students</th><th scope="col">Answer</th>'
            f'<th scope="col">Cause</th></tr></thead><tbody>{rows}</tbody></table>'
        )
    elif question.answers:
        parts.append('<p class="none">Every answer is right.</p>')
    return f'<section class="question">{"".join(parts)}</section>'


def _asked(item: Item) -> str:
    wrt = f" with respect to {_code(item.question.wrt)}" if item.question.wrt else ""
    points = f"{number(item.points)} {'point' if item.points == 1 else 'points'}"
    return f"Gradient of {_code(item.question.expr)}{wrt} · {points}"


def _kinds(question: ByQuestion) -> str:
    """How many answers have each kind of mistake, as bars that are full where all have."""
    rows = "".join(
        f'<li><span class="kind">{_text(KINDS.get(kind, "cause not found"))}</span>'
        f'<span class="track"><span class="fill" style="width:{100 * count / question.answers:.1f}%"></span></span>'
        f'<span class="n">{count}</span></li>'
        for kind, count in question.kinds.items()
    )
    return f'<ul class="kinds">{rows}</ul>'


def _common(common: Common) -> str:
    where = f' <span class="place">at {_code(common.place)}</span>' if common.place not in common.cause else ""
    return (
        f'<tr><td class="n">{common.number}</td><td>{_code(common.answer)}</td>'
        f'<td><span class="tag {common.verdict}">{_text(common.kind or common.verdict)}</span> '
        f"{_text(common.cause)}{where}</td></tr>"
    )


def _stray(grades: Sequence[Grade]) -> str:
    if not grades:
        return ""
    rows = "".join(f"<li>{_text(grade.feedback)}</li>" for grade in grades[:50])
    more = f"<li>… and {len(grades) - 50} more</li>" if len(grades) > 50 else ""
    return f'<section><h2>Lines without a question of the key</h2><ul class="stray">{rows}{more}</ul></section>'


# By student


def _matrix(summary: Summary) -> str:
    """Each student's verdicts at a glance."""
    ids = [question.item.id for question in summary.questions]
    head = "".join(f'<th scope="col">{_text(id)}</th>' for id in ids)
    rows = "".join(_row(student, ids) for student in summary.students)
    return (
        f'<section class="students"><h2>Students</h2><div class="wide"><table class="matrix"><thead><tr>'
        f'<th scope="col">Student</th>{head}<th scope="col" class="n">Points</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _row(student: ByStudent, ids: Sequence[str]) -> str:
    cells = "".join(_cell(student.grades.get(id)) for id in ids)
    return f'<tr><th scope="row">{_name(student)}</th>{cells}<td class="n">{number(student.earned)}</td></tr>'


def _cell(grade: Grade | None) -> str:
    if grade is None or grade.kind == "no-answer":
        return '<td class="none" title="no answer">·</td>'
    tip = grade.verdict + (f", {grade.kind}" if grade.kind else "") + f": {grade.answer.strip()[:80]}"
    return f'<td class="{grade.verdict}" title="{_text(tip)}">{SIGNS[grade.verdict]}</td>'


def _students(students: Sequence[ByStudent]) -> str:
    """What to tell each student whose answers are not all right."""
    parts = []
    for student in students:
        rows = "".join(
            f"<tr><td>{_text(grade.question)}</td><td>{_code(grade.answer)}</td>"
            f'<td><span class="tag {grade.verdict}">{_text(grade.verdict)}</span> {_text(grade.feedback)}</td></tr>'
            for grade in student.grades.values()
            if grade.verdict != "right"
        )
        if rows:
            parts.append(
                f"<details><summary>{_name(student)}</summary>"
                f'<table class="feedback"><tbody>{rows}</tbody></table></details>'
            )
    return f'<section class="each"><h2>Feedback</h2>{"".join(parts)}</section>' if parts else ""
