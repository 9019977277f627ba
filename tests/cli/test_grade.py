"""`autodiff grade`: files in, rows, table and page out."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "class"
KEY = '[[questions]]\nid = "1a"\nexpression = "x^3"\n[[questions]]\nid = "1b"\nexpression = "sin(x^2)"\npoints = 2\n'


@pytest.fixture
def key(tmp_path: Path) -> str:
    (tmp_path / "key.toml").write_text(KEY)
    return "key.toml"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """No processes are forked off the one that runs the tests; one test starts a command that has its own."""
    monkeypatch.setattr("autodiff.cli.grade._cores", lambda: 0)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_table_becomes_csv(command: Any, key: str) -> None:
    result = command("grade", key, "-", stdin="student;1a;1b\n=Ada;3*x^2;cos(x^2)\nBob;2x;2*x*cos(x^2)\n")
    assert (result.code, result.err) == (0, "")
    assert [tuple(row.values())[:6] for row in rows(result.out)] == [
        ("'=Ada", "1a", "right", "1", "", ""),
        ("'=Ada", "1b", "wrong", "0", "chain", "x^2"),
        ("Bob", "1a", "invalid", "0", "implicit-product", "2x"),
        ("Bob", "1b", "right", "2", "", ""),
    ]


def test_several_processes(key: str, tmp_path: Path) -> None:
    answers = "student,1a,1b\nAda,3*x^2,cos(x^2)\nBob,x^2,2*x*cos(x^2)\n"
    line = [sys.executable, "-m", "autodiff", "grade", str(tmp_path / key), "-", "--jobs", "2"]
    result = subprocess.run(line, input=answers, capture_output=True, text=True, timeout=60, check=True)
    assert [row["verdict"] for row in rows(result.stdout)] == ["right", "wrong", "wrong", "right"]


def test_json_lines_become_json_lines(command: Any, key: str) -> None:
    lines = '{"student": "Ada", "question": "1a", "answer": "x^2"}\nnonsense\n'
    result = command("grade", key, "-", stdin=lines)
    assert result.code == 0
    assert [(a["student"], a["verdict"], a["kind"]) for a in result.answers] == [
        ("Ada", "wrong", "power"),
        ("", "invalid", "bad-json"),
    ]
    assert rows(command("grade", key, "-", "--csv", stdin=lines).out)[0]["kind"] == "power"
    table = command("grade", key, "-", "--json", stdin="student,1a\nAda,x^2\n")
    assert table.answers[0] == result.answers[0]
    assert table.err == "note: there is no column for question 1b\n"


def test_rows_to_a_file_and_the_table_to_the_screen(command: Any, key: str, tmp_path: Path) -> None:
    answers = "student,1a,1b\nAda,3*x^2,cos(x^2)\n"
    result = command("grade", key, "-", "-o", "grades.csv", "--html", "report.html", stdin=answers)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("2 answers of 1 student, on average 1 of 3 points\n")
    assert len(rows((tmp_path / "grades.csv").read_text())) == 2
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def test_a_table_without_answers(command: Any, key: str) -> None:
    result = command("grade", key, "-", stdin="student,question,answer\n")
    assert (result.code, result.out) == (0, "student,question,verdict,credit,kind,place,feedback\n")


def test_hints_do_not_reveal(command: Any, key: str) -> None:
    result = command("grade", key, "-", "--no-reveal", stdin="student,1a,1b\nAda,x^2,cos(x^2)\n")
    assert "3*x^2" not in result.out
    assert "2*x*cos" not in result.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("key.toml", "key.toml", "-o", "key.toml"), "key.toml would be overwritten"),
        (("key.toml", "-", "-o", "a", "--html", "a"), "a would be overwritten"),
        (("-", "-"), "standard input is asked for twice"),
        (("key.toml", "-", "--csv", "--json"), "--csv and --json cannot go together"),
        (("key.toml", "-", "--columns", "student"), "--columns 'student' is not ROLE=NAME"),
        (("key.toml", "-", "--columns", "student=A,student=B"), "--columns gives student twice"),
        (("key.toml", "missing.csv"), "cannot read missing.csv"),
        (("key.toml", "-", "-o", "no/such/folder"), "cannot write no/such/folder"),
    ],
)
def test_wrong_usage(command: Any, key: str, arguments: tuple[str, ...], message: str) -> None:
    result = command("grade", *arguments, stdin="student,1a,1b\n")
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_wrong_key_is_said_before_any_answer_is_read(command: Any, tmp_path: Path) -> None:
    (tmp_path / "key.toml").write_text(KEY.replace("sin(x^2)", "sn(x^2)"))
    result = command("grade", "key.toml", "missing.csv")
    assert result.code == 4
    assert "error[unknown-function]" in result.err
    assert " in expression of question 1b\n  │ sn(x^2)\n  │ ━━" in result.err
    assert "this is question '1b' in key.toml, line 4" in result.err


def transcripts() -> list[tuple[str, str]]:
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    found = []
    for block in text.split("```console\n")[1:]:
        shell, _, output = block.partition("```")[0].removeprefix("$ ").partition("\n")
        found.append((shell, output))
    return found


@pytest.mark.parametrize(("line", "output"), transcripts(), ids=[line for line, _ in transcripts()])
def test_the_example_shows_what_happens(command: Any, tmp_path: Path, line: str, output: str) -> None:
    for path in EXAMPLE.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    words = line.split()
    assert words[:2] == ["autodiff", "grade"]
    result = command(*words[1:])
    assert (result.code, result.out) == (0, output)


def test_the_last_of_several_answers_counts(command: Any, key: str) -> None:
    lines = "student,question,answer\nAda,1a,x\nAda,1a,3*x^2\nBob,1a,3*x^2\n,9,x\n,9,x\n"
    result = command("grade", key, "-", "-o", "out.csv", stdin=lines)
    assert result.err == "note: 1 answer is to a question answered before: the last one counts\n"
    assert "on average 1 of 3 points" in result.out
    assert command("grade", key, "-", stdin=lines).err == ""


def test_key_and_answers_swapped(command: Any, key: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("student,1a\nAda,x\n")
    result = command("grade", "a.csv", key)
    assert (result.code, "the key comes first: autodiff grade key.toml a.csv" in result.err) == (2, True)
