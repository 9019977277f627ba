"""`autodiff grade`: the answers of a whole class."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Mapping
from typing import TextIO

import click
import numpy as np

from autodiff.cli.options import color, usage
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.homework.grade import grade
from autodiff.homework.marking import Grade, Item
from autodiff.homework.prepare import Prepared, prepare
from autodiff.homework.summary import summary
from autodiff.report.grades import csv_rows, json_rows, table
from autodiff.request.files import called, read_bytes
from autodiff.request.key import Key, read_key
from autodiff.request.submissions import read_submissions

BATCH = 100  # rows that are written at once


@click.command("grade", short_help="The answers of a whole class, graded.")
@click.argument("key", metavar="KEY")
@click.argument("answers", metavar="ANSWERS")
@click.option(
    "--columns", metavar="ROLE=NAME,...", help="Names of columns: student=Name,question=Task,answer=Response."
)
@click.option("--encoding", metavar="NAME", help="How ANSWERS is encoded.  [default: utf-8, or what its mark says]")
@click.option("-o", "--output", metavar="FILE", help="Write the rows to a file, and the table to the screen.")
@click.option("--csv", "as_csv", is_flag=True, help="Rows as CSV.  [default where ANSWERS is a table]")
@click.option("--json", "as_json", is_flag=True, help="Rows as JSON lines.  [default where ANSWERS is JSON lines]")
@click.option("--html", metavar="FILE", help="Write a report to open in a browser or to print.")
@click.option("--no-reveal", is_flag=True, help="Feedback with hints, without the right answer.")
@click.option("--jobs", type=click.IntRange(1, 256), metavar="N", help="Processes.  [default: one a core]")
@color
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    key: str,
    answers: str,
    columns: str | None,
    encoding: str | None,
    output: str | None,
    as_csv: bool,
    as_json: bool,
    html: str | None,
    no_reveal: bool,
    jobs: int | None,
) -> int:
    """Grade ANSWERS, a table or JSON lines, by KEY, in TOML or JSON; - is standard input.

    A table has the columns student, question and answer, or a column for each question. The rows that come out have
    verdict, credit, kind of mistake, place and feedback, in the order of the input; on a terminal a table by question
    is shown instead. A line that cannot be read is an invalid answer. Of several answers of a student to one question
    the last one counts. autodiff explain bad-key describes KEY.

    \b
    autodiff grade key.toml answers.csv -o grades.csv --html report.html
    autodiff grade key.toml export.csv --columns student=Name,answer=Response,question=Task
    cat answers.jsonl | autodiff grade key.toml - --no-reveal
    """
    if as_csv and as_json:
        raise usage("--csv and --json cannot go together")
    if key == "-" and answers == "-":
        raise usage("standard input is asked for twice, as KEY and as ANSWERS")
    _check_own(output, (key, answers))
    _check_own(html, (key, answers, output))
    np.seterr(all="ignore")
    if not gc.isenabled():  # main disabled it, and a class is long enough to fill the memory
        gc.freeze()
        gc.enable()
    questions = _key(screen, key, answers)
    prepared = _prepared(questions, key)
    mapped = _columns(columns, questions.items)
    read = read_submissions(_content(screen, answers), answers, list(questions.items), mapped, encoding)
    for note in read.notes:
        screen.note(note)
    shows_table = output is not None or not (as_csv or as_json or screen.columns() is None)
    grades: list[Grade] = []
    stream = None if shows_table else screen.out
    rows = _Rows(stream, output, as_json or (read.is_json and not as_csv))
    html_file = _created(html) if html is not None else None
    with rows, screen.progress() as watch:
        for one in grade(questions.items, prepared, read.rows, jobs or _cores(), not no_reveal, watch):
            grades.append(one)
            rows.add(one)
    found = summary(questions.items, grades, questions.title)
    again = _again(grades, questions.items)
    if again is not None and (shows_table or html_file is not None):
        screen.note(again)
    if html_file is not None:
        from autodiff.report.html import page

        with html_file:
            html_file.write(page(found))
    if shows_table:
        screen.page(table(found, screen.columns()))
        if output is None:
            screen.note("-o FILE writes a row for each answer")
    return 0


def _key(screen: Screen, key: str, answers: str) -> Key:
    try:
        return read_key(_content(screen, key), key)
    except AutodiffError as error:
        if answers.endswith(".toml") and not key.endswith(".toml"):
            error.help.insert(0, f"the key comes first: autodiff grade {answers} {key}")
        raise


def _again(grades: Iterable[Grade], items: Mapping[str, Item]) -> str | None:
    """A remark about students who answered a question several times."""
    seen: set[tuple[str, str]] = set()
    again = 0
    for one in grades:
        if one.question in items:
            again += (one.student, one.question) in seen
            seen.add((one.student, one.question))
    if not again:
        return None
    return f"{again} {'answer is' if again == 1 else 'answers are'} to a question answered before: the last one counts"


def _content(screen: Screen, path: str) -> bytes:
    return screen.stdin() if path == "-" else read_bytes(path)


def _check_own(path: str | None, others: Iterable[str | None]) -> None:
    """Raise `usage` where a file that is written is one of the others."""
    for other in others:
        if path is not None and other is not None and os.path.realpath(path) == os.path.realpath(other):
            raise usage(f"{path} would be overwritten", "what is written needs a file of its own")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _columns(text: str | None, items: Mapping[str, Item]) -> dict[str, str]:
    """`student=Name,1a=Task 1` as a table; raises `usage`."""
    found: dict[str, str] = {}
    for pair in [] if text is None else text.split(","):
        role, equals, name = pair.partition("=")
        role, name = role.strip(), name.strip()
        if not equals or not role or not name:
            raise usage(f"--columns {pair!r:.60} is not ROLE=NAME", "write --columns student=Name,answer=Response")
        if role in found:
            raise usage(f"--columns gives {role} twice")
        found[role] = name
    return found


def _prepared(key: Key, path: str) -> dict[str, Prepared]:
    """All questions made ready; raises what is wrong with one, with its name and line."""
    found = {}
    for id, item in key.items.items():
        try:
            found[id] = prepare(item.question)
        except AutodiffError as error:
            source = error.source
            if source is not None:
                source.name = f"{'expression' if source.name == 'expr' else source.name} of question {id}"
            line = f", line {key.lines[id]}" if key.lines[id] is not None else ""
            error.help.append(f"this is question {id!r:.40} in {called(path)}{line}")
            raise
    return found


class _Rows:
    """Rows on their way out, a batch at a time, in order, or nowhere; a context that ends with all written."""

    def __init__(self, stream: TextIO | None, path: str | None, as_json: bool) -> None:
        self._own = None if path is None else _created(path)
        self._stream = stream if self._own is None else self._own
        self._as_json = as_json
        self._waiting: list[Grade] = []
        self._started = False

    def add(self, one: Grade) -> None:
        self._waiting.append(one)
        if len(self._waiting) >= BATCH:
            self.write()

    def write(self) -> None:
        text = json_rows(self._waiting) if self._as_json else csv_rows(self._waiting, not self._started)
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()
        self._started = True
        self._waiting = []

    def __enter__(self) -> _Rows:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting or not self._started:
            self.write()
        if self._own is not None:
            self._own.close()


def _created(path: str) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8", newline="")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AutodiffError("unwritable-file", f"cannot write {path}: {reason}", type="OSError") from None
