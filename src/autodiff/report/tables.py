"""Tables of text in aligned columns, whose cells may have several lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff.report.cells import displayed, width
from autodiff.report.diagnostics import Line
from autodiff.report.tensors import PREFIX, format_tensor

SHOWN = 100  # elements of a tensor in a cell; larger ones are summarised

NARROW = 12  # columns, to which a column of a table may shrink
MOST = 20  # lines of a cell that is broken

Cell = tuple[str, str]  # text, of one or more lines, and its style


def table(
    rows: Sequence[Sequence[Cell]], indent: str = "  ", between: str = "  ", columns: int | None = None
) -> list[Line]:
    """The rows as lines; every column is as wide as its widest cell, or narrower where `columns` are fewer."""
    count = max((len(row) for row in rows), default=0)
    split = [[(_lines(text), style) for text, style in row] for row in rows]
    wide = [max((width(line) for row in split if i < len(row) for line in row[i][0]), default=0) for i in range(count)]
    if columns is not None and count:
        fitting = _fitting(wide, columns - len(indent) - len(between) * (count - 1))
        if fitting != wide:
            split = [[(_wrapped(texts, fitting[i]), style) for i, (texts, style) in enumerate(row)] for row in split]
            wide = fitting
    lines: list[Line] = []
    for row in split:
        for number in range(max((len(texts) for texts, _ in row), default=0)):
            line: Line = [(indent, "")]
            for i, (texts, style) in enumerate(row):
                text = texts[number] if number < len(texts) else ""
                line.append((text, style))
                line.append((" " * (wide[i] - width(text)) + between, ""))
            lines.append(_trimmed(line))
    return lines


def _lines(text: str) -> list[str]:
    return [displayed(line) for line in text.split("\n")]


def _fitting(wide: list[int], room: int) -> list[int]:
    """The widths of columns that fit into the room: the widest give way, as long as they are not narrow."""
    fitting = list(wide)
    while sum(fitting) > room and max(fitting) > NARROW:
        widest = fitting.index(max(fitting))
        next_one = max((size for size in fitting if size < fitting[widest]), default=NARROW)
        fitting[widest] = max(NARROW, min(next_one, fitting[widest] - 1), fitting[widest] - (sum(fitting) - room))
    return fitting


def _wrapped(lines: list[str], columns: int) -> list[str]:
    """The lines, broken at blanks where there are some, and anywhere else where there are none."""
    found: list[str] = []
    for line in lines:
        while width(line) > columns:
            end = len(line)
            while width(line[:end]) > columns:
                end -= 1
            blank = line.rfind(" ", len(line) - len(line.lstrip()), end + 1)
            word = line[blank + 1 :].partition(" ")[0]
            whole = blank > columns // 3 or width(word) <= columns - 2  # otherwise it is torn in any case
            end = blank if blank > 0 and whole else max(1, end)
            found.append(line[:end].rstrip())
            line = "  " + line[end:].lstrip() if columns > NARROW else line[end:].lstrip()
            if len(found) > MOST:
                return [*found[:MOST], "…"]
        found.append(line)
    return found


def _trimmed(line: Line) -> Line:
    while line and not line[-1][0].strip():
        line.pop()
    return line


def numbers_text(array: np.ndarray, precision: int = 4, linewidth: int = 80) -> str:
    """The elements as `eval` prints them, without `tensor( )` around; matrices take several lines."""
    text = format_tensor(
        array,
        default_dtype=array.dtype.name,
        precision=precision,
        threshold=SHOWN,
        linewidth=linewidth,
    )
    return text.removeprefix(PREFIX).removesuffix(")").replace("\n" + " " * len(PREFIX), "\n")
