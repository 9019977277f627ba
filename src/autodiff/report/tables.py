"""Tables of text in aligned columns, whose cells may have several lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff.report.cells import displayed, width
from autodiff.report.diagnostics import Line
from autodiff.report.tensors import PREFIX, format_tensor

SHOWN = 100  # elements of a tensor in a cell; larger ones are summarised

Cell = tuple[str, str]  # text, of one or more lines, and its style


def table(rows: Sequence[Sequence[Cell]], indent: str = "  ", between: str = "  ") -> list[Line]:
    """The rows as lines; every column is as wide as its widest cell, the last as wide as it likes."""
    count = max((len(row) for row in rows), default=0)
    split = [[(_lines(text), style) for text, style in row] for row in rows]
    wide = [max((width(line) for row in split if i < len(row) for line in row[i][0]), default=0) for i in range(count)]
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
