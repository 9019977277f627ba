"""What a class handed in: a table (CSV of any delimiter) or JSON lines, as Submissions in the order of the input.

    bytes ──decode──▶ lines ──records──▶ cells ──columns──▶ Submission

A table has one answer a line (columns student, question, answer) or one question a column (a column for each question's
id).  A line that cannot be read becomes a Submission with its trouble, and the lines after it are read all the same.
"""

from __future__ import annotations

import codecs
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from autodiff.errors import AutodiffError
from autodiff.graph.lookup import did_you_mean
from autodiff.homework.marking import Submission
from autodiff.request.files import called

DELIMITERS = ",;\t|"
ROLES = ("student", "question", "answer")
MOST_LINES = 200  # of one record: a quote that is never closed must not swallow the class
BLANKS = ("-", "–", "—")  # what learning platforms write where there is no answer

# Where a byte order mark says how the text is encoded.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
# How files begin that hold tables, and are no text.
BINARY = ((b"PK\x03\x04", "a workbook or an archive"), (b"\xd0\xcf\x11\xe0", "a workbook"), (b"%PDF", "a PDF"))


class Submissions(NamedTuple):
    """The answers, whether they came as JSON lines, and remarks about the file as a whole."""

    rows: list[Submission]
    is_json: bool
    notes: list[str]


def read_submissions(
    content: bytes, path: str, ids: Sequence[str], columns: Mapping[str, str], encoding: str | None = None
) -> Submissions:
    """All submissions of a file; `columns` gives the file's own names for student, question, answer or a question.

    Raises `bad-answers` when the file as a whole is no such table, `unreadable-file` for an encoding that is not there.
    """
    for mark, kind in BINARY:
        if content.startswith(mark):
            raise _bad(path, f"it is {kind}, and no text", ["save its table as CSV (comma separated values, UTF-8)"])
    text = _decoded(content, path, encoding)
    first = text.lstrip()
    if not first:
        raise _bad(
            path, "it is empty", ["it has a line of names, such as student,question,answer, and then the answers"]
        )
    if first[0] == "[":
        raise _bad(
            path, "a JSON list is not read", ['write JSON lines, {"student": …, "question": …, "answer": …} each']
        )
    if first[0] == "{":
        return Submissions(_known(_json_rows(text, columns), ids), True, _garbled(text))
    rows, notes = _table_rows(text, path, ids, columns)
    if not rows:
        notes.append(f"there are no answers in {called(path)}")
    return Submissions(_known(rows, ids), False, [*_garbled(text), *notes])


def _known(rows: Iterable[Submission], ids: Sequence[str]) -> list[Submission]:
    """The rows, with a question whose id is written in other capitals under the id that the key has."""
    folded: dict[str, list[str]] = {}
    for id in ids:
        folded.setdefault(id.casefold(), []).append(id)
    found = []
    for row in rows:
        meant = folded.get(row.question.casefold(), [])
        found.append(row._replace(question=meant[0]) if len(meant) == 1 else row)
    return found


def _garbled(text: str) -> list[str]:
    """A remark where bytes are not of the encoding, which is then most likely another one."""
    if not _undecodable(text):
        return []
    number = sum(map(_undecodable, text.split("\n")))
    lines = "1 line is" if number == 1 else f"{number} lines are"
    return [f"{lines} not text in this encoding; files of Excel and Windows are often read by --encoding cp1252"]


def _bad(path: str, reason: str, help: Sequence[str] = ()) -> AutodiffError:
    return AutodiffError("bad-answers", f"cannot use {called(path)}: {reason}", type="ValueError", help=help)


def _decoded(content: bytes, path: str, encoding: str | None) -> str:
    """The text; bytes that are not of its encoding are kept as surrogates, for the line that has them."""
    if encoding is None:
        for mark, name in MARKS:
            if content.startswith(mark):
                content, encoding = content[len(mark) :], name
                break
        else:
            encoding = "utf-8"
    try:
        if encoding == "utf-8":
            return content.decode("utf-8", "surrogateescape")
        return content.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        raise AutodiffError(
            "unreadable-file", f"cannot read {called(path)}: there is no encoding {encoding!r:.40}", type="LookupError",
            help=["encodings are utf-8, latin-1, cp1252, utf-16 and others that Python knows"],
        ) from None  # fmt: skip


def _undecodable(text: str) -> bool:
    if text.isascii():
        return False
    return any("\udc80" <= char <= "\udcff" or char == "\ufffd" for char in text)


def _clean(text: str) -> str:
    """The text with what could not be decoded as escapes, so that it can be written."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if not text.isascii() else text


def _not_text(line: int) -> tuple[str, str]:
    says = f"Line {line} is not UTF-8 text: save the file as UTF-8, or name its encoding, as in --encoding cp1252."
    return "bad-text", says


# JSON lines


def _json_rows(text: str, columns: Mapping[str, str]) -> Iterator[Submission]:
    names = [columns.get(role, role) for role in ROLES]
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _json_row(line, number, names)


def _json_row(line: str, number: int, names: Sequence[str]) -> Submission:
    from autodiff.request.jsons import loads

    if _undecodable(line):
        return Submission(number, "", "", None, _not_text(number))
    try:
        data = loads(line)
    except AutodiffError as error:
        return Submission(number, "", "", None, (error.code, f"Line {number} is not JSON: {error.message}."))
    if not isinstance(data, dict):
        return Submission(number, "", "", None, ("bad-json", f"Line {number} is no object with {', '.join(names)}."))
    student, question, answer = (data.get(name) for name in names)
    trouble = None
    missing = [name for name in names if data.get(name) is None]
    if missing:
        close = did_you_mean(missing[0], [name for name in data if name not in names])
        trouble = ("missing-cell", f"Line {number} has no {missing[0]}{'; ' + close[0] if close else ''}.")
    elif any(isinstance(value, (dict, list, bool)) for value in (student, question)):
        trouble = ("bad-line", f"Line {number}: {names[0]} and {names[1]} must be text.")
    elif isinstance(answer, (dict, bool)):
        trouble = ("bad-line", f"Line {number}: {names[2]} must be a formula or numbers.")
    kept = answer if isinstance(answer, (str, int, float, list)) and not isinstance(answer, bool) else None
    return Submission(number, _word(student), _word(question), _safe(kept), trouble)


def _word(value: Any) -> str:
    if value is None or isinstance(value, (dict, list, bool)):
        return ""
    return _safe(str(value).strip()) if isinstance(value, str) else str(value)


def _safe(value: Any) -> Any:
    """Text without halves of surrogate pairs, which JSON can spell and nothing can write."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value


# Tables


def _table_rows(
    text: str, path: str, ids: Sequence[str], columns: Mapping[str, str]
) -> tuple[list[Submission], list[str]]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = next(i for i, line in enumerate(lines) if line.strip())
    given = _separator(lines[start])
    if given is not None:  # Excel's own first line, sep=;
        start += 1
    header = lines[start] if start < len(lines) else ""
    wanted = {*(columns.get(name, name).casefold() for name in (*ROLES, *ids))}
    delimiter = given or max(DELIMITERS, key=lambda mark: _fit(header, mark, wanted))
    names = [_clean(cell).strip() for cell in _cells(header, delimiter)]
    layout = _layout(names, path, ids, columns)
    rows: list[Submission] = []
    for number, cells, closed in _records(lines, start + 1, delimiter, len(names)):
        rows += layout.submissions(number, cells, closed)
    return rows, layout.notes


def _separator(line: str) -> str | None:
    return line[4] if len(line) == 5 and line[:4].lower() == "sep=" else None


def _fit(header: str, delimiter: str, wanted: set[str]) -> tuple[int, int]:
    """How well a delimiter cuts the line of names: names that are known, then columns."""
    names = [cell.strip().casefold() for cell in _cells(header, delimiter)]
    return len(wanted.intersection(names)), len(names)


def _cells(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter), [])


def _records(lines: Sequence[str], start: int, delimiter: str, width: int) -> Iterator[tuple[int, list[str], bool]]:
    """Line number and cells of each record, and whether its quotes are closed.

    A record goes on over lines while a quote is open, unless the cells that this makes do not fit the table.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    at = start
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        if '"' not in line:
            yield at + 1, line.split(delimiter), True
            at += 1
            continue
        end, cells, closed = _quoted(lines, at, delimiter, width)
        yield at + 1, cells, closed
        at = end


def _quoted(lines: Sequence[str], at: int, delimiter: str, width: int) -> tuple[int, list[str], bool]:
    """The line after a record with quotes, its cells, and whether the quotes are closed."""
    for end in range(at + 1, min(len(lines), at + MOST_LINES) + 1):
        if _open("\n".join(lines[at:end]), delimiter):
            continue
        if end == at + 1:
            return end, _cells(lines[at], delimiter), True
        cells = _well_formed([f"{line}\n" for line in lines[at:end]], delimiter)
        if len(cells) != width:
            break
        return end, cells, True
    return at + 1, _cells(lines[at], delimiter), False


def _well_formed(lines: Sequence[str], delimiter: str) -> list[str]:
    """The cells of a record over several lines; none if something follows a closing quote."""
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _open(text: str, delimiter: str) -> bool:
    """Whether the text ends inside quotes: those that start a cell, in which a quote is written twice."""
    inside, fresh = False, True
    for char in text:
        if char == '"' and (inside or fresh):
            inside, fresh = not inside, inside
        else:
            fresh = not inside and char in (delimiter, "\n")
    return inside


class _Layout:
    """Which column is what."""

    def __init__(self, names: Sequence[str], student: int, question: int, answer: int) -> None:
        self.names = names
        self.student = student
        self.question = question
        self.answer = answer
        self.wide: list[tuple[int, str]] = []  # a column for each question
        self.notes: list[str] = []

    def submissions(self, line: int, cells: list[str], closed: bool) -> Iterator[Submission]:
        """One submission of a long line, one for each question of a wide one."""
        trouble = self._trouble(line, cells, closed)
        student = _clean(_cell(cells, self.student)).strip()
        if not self.wide:
            question = _clean(_cell(cells, self.question)).strip()
            yield Submission(line, student, question, _answer(cells, self.answer), trouble)
        for place, id in self.wide:
            yield Submission(line, student, id, _answer(cells, place), trouble)

    def _trouble(self, line: int, cells: list[str], closed: bool) -> tuple[str, str] | None:
        if not closed:
            return "bad-line", f"Line {line} has a quote that is not closed."
        if any(map(_undecodable, cells)):
            return _not_text(line)
        width = len(self.names)
        if len(cells) > width and any(cell.strip() for cell in cells[width:]):
            says = f"Line {line} has {len(cells)} cells, and there are {width} columns"
            return "bad-line", f"{says}: an answer with the delimiter in it stands in quotes."
        needed = [self.student] if self.wide else [self.student, self.question, self.answer]
        for place in needed:
            if place >= 0 and not _cell(cells, place).strip():
                if place == self.answer and len(cells) > place:
                    return "no-answer", "There is no answer."
                return "missing-cell", f"Line {line} has no {self.names[place]}."
        return None


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if 0 <= place < len(cells) else ""


def _answer(cells: Sequence[str], place: int) -> str | None:
    text = _clean(_cell(cells, place))
    return None if not text or text.strip() in BLANKS else text


def _layout(names: Sequence[str], path: str, ids: Sequence[str], columns: Mapping[str, str]) -> _Layout:
    """What the columns are, by their names; raises `bad-answers` when student or answers are not there."""
    folded = [name.casefold() for name in names]
    for role, name in columns.items():
        if name.casefold() not in folded:
            help = did_you_mean(name, list(names)) or ["its columns are " + ", ".join(names)]
            raise _bad(path, f"there is no column {name!r:.60} for {role}", help)
        if role not in (*ROLES, *ids):
            help = did_you_mean(role, [*ROLES, *ids])
            raise AutodiffError("usage", f"--columns {role}=… is no part of an answer", type="ValueError", help=help)

    def place(role: str) -> int:
        name = columns.get(role, role)
        return names.index(name) if name in names else _index(folded, name.casefold())

    student, question, answer = (place(role) for role in ROLES)
    found = _Layout(names, student, question, answer)
    if question < 0 or answer < 0:
        places = {id: place(id) for id in ids}
        found.wide = sorted((at, id) for id, at in places.items() if at >= 0)
        found.question = found.answer = -1
        missing = [id for id, at in places.items() if at < 0]
        if found.wide and missing:
            found.notes.append(f"there is no column for question {', '.join(missing)}")
    if student < 0 or (answer < 0 and not found.wide):
        missing_role = "student" if student < 0 else "answer" if question >= 0 else "question"
        raise _bad(path, f"it has no column {missing_role!r}", _column_help(names, missing_role, ids))
    return found


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else -1


def _column_help(names: Sequence[str], role: str, ids: Sequence[str]) -> list[str]:
    shown = ", ".join(ids[:3]) + (" …" if len(ids) > 3 else "")
    return [
        "its columns are " + ", ".join(names)[:200],
        f"say which it is: --columns {role}=NAME"
        + ("" if role == "student" else f"; or have a column for each question, called by its id: {shown}"),
    ]
