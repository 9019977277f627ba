"""Grades as rows, as a table and as a page."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest

from autodiff.homework.marking import Grade, Item
from autodiff.homework.question import Question
from autodiff.homework.summary import Summary, summary
from autodiff.report.diagnostics import plain
from autodiff.report.grades import COLUMNS, csv_rows, harmless, json_rows, table
from autodiff.report.html import page

EVIL = """<script>alert("x")</script><img src=http://a.b onerror='x'>&amp;"""
VOID = {"meta", "rect"}


def row(student: str, question: str, verdict: str, answer: str = "x", kind: str = "", cause: str = "") -> Grade:
    return Grade(1, student, question, answer, verdict, 1.0 if verdict == "right" else 0.25, kind, "x^2", cause, cause)


def klass(text: str) -> Summary:
    """A class in which everything is called `text`."""
    items = {text: Item(text, Question("x^2", wrt="x"), 2.0, {}, text), "b": Item("b", Question("x"))}
    grades = [
        row(text, text, "wrong", text, text, text),
        row("Bob", text, "right"),
        row("", text, "undecided", cause="?"),
        row("Cid", text, "invalid", "2x", "syntax", text),
        row("Dan", "zz" + text, "invalid", "", "unknown-question", text),
    ]
    return summary(items, grades, text)


@pytest.mark.parametrize("text", ["=1+1", "+x", "-sin(x)", "@SUM(A1)", "\tx", "\r=x", " =x", "\n-x", "＝1", "-"])
def test_a_spreadsheet_runs_no_cell(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "x", "2-x", "'x", "(-x)", "x\n"])
def test_other_cells_stay(text: str) -> None:
    assert harmless(text) == text


def test_csv_holds_what_was_written() -> None:
    grades = [row('A, "B"\nC', "1", "wrong", cause="-x; y"), row("=A", "-1", "right")]
    text = csv_rows(grades, header=True)
    assert list(csv.reader(io.StringIO(text))) == [
        list(COLUMNS),
        ['A, "B"\nC', "1", "wrong", "0.25", "", "x^2", "'-x; y"],
        ["'=A", "'-1", "right", "1", "", "x^2", ""],
    ]
    assert csv_rows(grades[1:]) == text.splitlines(keepends=True)[-1]


def test_json_changes_nothing() -> None:
    assert json_rows([row("=A", "1", "right")]) == (
        '{"student": "=A", "question": "1", "verdict": "right", "credit": 1.0, "kind": "", "place": "x^2",'
        ' "feedback": ""}\n'
    )


def test_table() -> None:
    text = plain(table(klass("1a")))
    assert text.startswith("1a\n4 answers of 4 students, on average 0.44 of 3 points\n\nquestion  right  wrong")
    assert "1a            1      1          1        1  █████" in text
    assert "b             0      0          0        0  ░░░░░" in text
    assert "   1 × 1a\n" in text
    assert "1 line without a question of the key:" in text
    assert "\x1b" not in plain(table(klass("\x1b[31m")))
    assert max(map(len, plain(table(klass("word " * 60), 60)).split("\n\n")[3].splitlines()[2:])) <= 400


class Reader(HTMLParser):
    """Checks that tags are closed in order, and collects tags, addresses and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", [EVIL, "1a", "\u202e\x00\x1b[31m", "x" * 5000])
def test_the_page_is_whole_and_runs_nothing(text: str) -> None:
    reader = Reader()
    document = page(klass(text))
    reader.feed(document)
    reader.close()
    assert reader.open == []
    assert not reader.tags & {"script", "img", "link", "iframe", "object", "form", "base"}
    assert all(link.startswith("#q") for link in reader.links)
    assert "url(" not in document
    assert "@import" not in document
    assert not any(sign in document for sign in "\u202e\x00\x1b")
    assert "undecided and should be looked at by hand" in reader.text
    if text == EVIL:
        assert reader.text.count(EVIL) >= 5


def test_a_long_name_is_cut() -> None:
    found = page(summary({"1": Item("1", Question("x"))}, [row("x" * 10_000, "1", "wrong")], ""))
    assert "x" * 299 + "…" in found
    assert "x" * 301 not in found


def test_a_page_of_nobody() -> None:
    reader = Reader()
    reader.feed(page(summary({"a": Item("a", Question("x"))}, [])))
    assert reader.open == []
    assert "no answers" in reader.text
