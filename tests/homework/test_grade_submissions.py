"""Tables and JSON lines of answers, good and bad."""

from __future__ import annotations

import pytest

from autodiff.errors import AutodiffError
from autodiff.homework.marking import Submission
from autodiff.request.submissions import read_submissions

IDS = ["1a", "1b"]


def rows(content: str | bytes, **columns: str) -> list[Submission]:
    data = content.encode() if isinstance(content, str) else content
    return read_submissions(data, "answers", IDS, columns).rows


def said(content: str | bytes, **columns: str) -> list[tuple[str, str, object]]:
    return [(row.student, row.question, row.answer) for row in rows(content, **columns)]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(mark: str, end: str) -> None:
    text = f'student,question,answer{end}Ada,1a,2*x{end}{end}Bob,1b,"max(x{mark}1)"{end}'
    text = text.replace(",", mark)
    assert said(text) == [("Ada", "1a", "2*x"), ("Bob", "1b", f"max(x{mark}1)")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_say_what_they_are(encoding: str) -> None:
    assert said("student,question,answer\nGauß,1a,α\n".encode(encoding)) == [("Gauß", "1a", "α")]


def test_an_encoding_that_is_named() -> None:
    content = "student,question,answer\nGauß,1a,x\n".encode("latin-1")
    assert read_submissions(content, "answers", IDS, {}, "latin-1").rows[0].student == "Gauß"
    with pytest.raises(AutodiffError, match="there is no encoding 'latin-x'"):
        read_submissions(content, "answers", IDS, {}, "latin-x")


def test_names_of_columns() -> None:
    text = "Email,Response,Task,Name\na@b.c,2*x,1a,Ada\n"
    assert said(text, student="Name", question="Task", answer="response") == [("Ada", "1a", "2*x")]


def test_one_question_a_column() -> None:
    found = read_submissions(b"Student;1B;Email\nAda;2*x;a@b.c\nBob;;\n", "answers", IDS, {})
    assert [(r.student, r.question, r.answer) for r in found.rows] == [("Ada", "1b", "2*x"), ("Bob", "1b", None)]
    assert found.notes == ["there is no column for question 1a"]
    assert said("Name,T1\nAda,x\n", **{"student": "Name", "1a": "T1"}) == [("Ada", "1a", "x")]


def test_answers_over_several_lines_and_quotes() -> None:
    assert said('student,question,answer\nAda,1a,"2*\nx"\nBob,1a,"say ""x"""\n') == [
        ("Ada", "1a", "2*\nx"),
        ("Bob", "1a", 'say "x"'),
    ]


def test_the_first_line_of_excel() -> None:
    assert said("sep=;\nstudent;question;answer\nAda;1a;x,y\n") == [("Ada", "1a", "x,y")]


def test_a_quote_that_is_not_closed_costs_one_line() -> None:
    found = rows('student,question,answer\nAda,1a,"2*x\nBob,1a,x\nCid,1b,"x^2"\n')
    assert [row.student for row in found] == ["Ada", "Bob", "Cid"]
    assert [row.trouble and row.trouble[0] for row in found] == ["bad-line", None, None]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"Ada,1a", "missing-cell"),
        (b",1a,x", "missing-cell"),
        (b"Ada,,x", "missing-cell"),
        (b"Ada,1a,", "no-answer"),
        (b"Ada,1a,max(x,1)", "bad-line"),
        (b"M\xfcller,1a,x", "bad-text"),
    ],
)
def test_a_bad_line_is_one_bad_row(line: bytes, kind: str) -> None:
    found = rows(b"student,question,answer\nAda,1a,x\n" + line + b"\nBob,1a,x,,\n")
    assert [row.trouble and row.trouble[0] for row in found] == [None, kind, None]
    assert [row.line for row in found] == [2, 3, 4]
    assert found[1].student == (
        "" if line.startswith(b",") else line.split(b",")[0].decode("utf-8", "backslashreplace")
    )


def test_json_lines() -> None:
    text = """{"student": 7, "question": "1a", "answer": "2*x", "more": [1]}

{"student": "Ada", "question": "1b", "answer": [[1, 2]]}
{"student": "Ada", "question": "1b", "answer": 3}
{"student": "Ada"
[]
{"student": "Ada", "qestion": "1b", "answer": 3}
{"student": "Ada", "question": "1b", "answer": {}}
{"student": ["Ada"], "question": "1b", "answer": 3}
{"student": "\\ud800", "question": "1b", "answer": "\\ud800"}
"""
    found = rows(text)
    assert [row.line for row in found] == [1, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [(r.student, r.question, r.answer) for r in found[:3]] == [
        ("7", "1a", "2*x"),
        ("Ada", "1b", [[1, 2]]),
        ("Ada", "1b", 3),
    ]
    kinds = ["bad-json", "bad-json", "missing-cell", "bad-line", "bad-line", None]
    assert [row.trouble and row.trouble[0] for row in found[3:]] == kinds
    assert "did you mean 'qestion'?" in (found[5].trouble or ("", ""))[1]
    assert found[-1].student == "\\ud800"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("[]", "a JSON list is not read"),
        ("Name,1a\nAda,x\n", "it has no column 'student'"),
        ("student,task\nAda,x\n", "it has no column 'question'"),
    ],
)
def test_what_is_no_table_of_answers(text: str, message: str) -> None:
    with pytest.raises(AutodiffError) as caught:
        rows(text)
    assert caught.value.code == "bad-answers"
    assert message in caught.value.message


def test_columns_that_are_not_there() -> None:
    with pytest.raises(AutodiffError, match="there is no column 'Nam' for student") as caught:
        rows("Name,1a\nAda,x\n", student="Nam")
    assert caught.value.help == ["did you mean 'Name'?"]
    with pytest.raises(AutodiffError, match="--columns stundent"):
        rows("Name,1a\nAda,x\n", stundent="Name")


def test_a_dash_is_no_answer() -> None:
    assert said("student;1a;1b\nAda;-;–\nBob; — ;-x\n") == [
        ("Ada", "1a", None),
        ("Ada", "1b", None),
        ("Bob", "1a", None),
        ("Bob", "1b", "-x"),
    ]
    assert said("student,question,answer\nAda,1a,-\n") == [("Ada", "1a", None)]


def test_questions_in_other_capitals() -> None:
    assert said("student,question,answer\nAda,1A,x\nBob,1c,x\n") == [("Ada", "1a", "x"), ("Bob", "1c", "x")]
    assert said('{"student": "Ada", "question": "1B", "answer": "x"}\n') == [("Ada", "1b", "x")]
    both = read_submissions(b"student,question,answer\nAda,a,x\nBob,A,x\n", "answers", ["a", "A"], {}).rows
    assert [row.question for row in both] == ["a", "A"]


def test_remarks_about_the_file() -> None:
    def notes(content: bytes) -> list[str]:
        return read_submissions(content, "answers", IDS, {}).notes

    [note] = notes("student;1a;1b\nGauß;x;x\nAda;x;x\nMüller;x;x\n".encode("cp1252"))
    assert note.startswith("2 lines are not text in this encoding")
    assert note.endswith("--encoding cp1252")
    assert notes(b"student;1a;1b\n") == ["there are no answers in answers"]
    assert notes(b"student;1a;1b\nAda;x;x\n") == []


@pytest.mark.parametrize("content", [b"PK\x03\x04\x14\x00", b"\xd0\xcf\x11\xe0\xa1\xb1", b"%PDF-1.7"])
def test_files_of_other_kinds(content: bytes) -> None:
    with pytest.raises(AutodiffError, match="and no text") as caught:
        rows(content)
    assert caught.value.code == "bad-answers"
    assert caught.value.help == ["save its table as CSV (comma separated values, UTF-8)"]
