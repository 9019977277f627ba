"""Curves in the terminal, drawn with the eight dots of braille characters; one panel a curve, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff.report.cells import displayed
from autodiff.report.curves import Curve, pieces, tick_text, ticks, view
from autodiff.report.diagnostics import Line

WIDTH, HEIGHT = 80, 12  # columns of a plot where the terminal does not say; rows of a panel
WIDEST = 120
STYLES = ("label", "right", "wrong", "warning", "help", "command")
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # by row and column within a character


def text_lines(drawn: Sequence[Curve], name: str, points: np.ndarray, columns: int | None = None) -> list[Line]:
    """Panels of all curves over the same points; `columns` is the width of the terminal."""
    panels = [view([curve.values]) for curve in drawn]
    labels = [_labels(*panel) for panel in panels]
    gutter = max(len(text) for rows in labels for text in rows.values()) + 1
    wide = max(20, min(columns or WIDTH, WIDEST) - gutter - 2)
    lines: list[Line] = []
    for i, (curve, (low, high)) in enumerate(zip(drawn, panels, strict=True)):
        style = STYLES[i % len(STYLES)]
        title = f"{curve.name}({name})" + (f" = {curve.formula}" if curve.formula else "")
        lines.append([(displayed(title), style)])
        canvas = _canvas(points, curve.values, (low, high), wide)
        zero = _row(0.0, low, high) if low <= 0 <= high else -1
        for row, text in enumerate(canvas):
            label = labels[i].get(row, "")
            lines.append(
                [(f"{label:>{gutter}} " + ("┤" if label else "│"), "dim"), *_painted(text, style, row == zero)]
            )
        lines += _axis(points, gutter, wide)
        lines.append([])
    return lines[:-1]


def _labels(low: float, high: float) -> dict[int, str]:
    """Tick texts by row."""
    return {_row(tick, low, high): tick_text(tick) for tick in ticks(low, high, 5)}


def _row(value: float, low: float, high: float) -> int:
    return min(HEIGHT - 1, max(0, int((high - value) / (high - low) * (4 * HEIGHT - 1) + 0.5) // 4))


def _canvas(points: np.ndarray, values: np.ndarray, limits: tuple[float, float], wide: int) -> list[str]:
    """The rows of a panel, as braille characters and blanks."""
    low, high = limits
    cells = np.zeros((HEIGHT, wide), dtype=int)
    left, span = float(points[0]), float(points[-1] - points[0])
    across, down = 2 * wide - 1, 4 * HEIGHT - 1
    xs = (points - left) / span * across
    with np.errstate(all="ignore"):
        ys = np.clip((high - values) / (high - low), -3.0, 4.0) * down
    for piece in pieces(values, low, high):
        for a, b in zip(piece, piece[1:] or piece, strict=False):
            _stroke(cells, (xs[a], ys[a]), (xs[b], ys[b]))
    return ["".join(chr(0x2800 + cell) if cell else " " for cell in row) for row in cells.tolist()]


def _stroke(cells: np.ndarray, a: tuple[float, float], b: tuple[float, float]) -> None:
    """Dots along a line, those outside of the panel left out."""
    count = int(max(abs(b[0] - a[0]), abs(b[1] - a[1]))) + 1
    for i in range(count + 1):
        x = int(a[0] + (b[0] - a[0]) * i / count + 0.5)
        y = int(np.floor(a[1] + (b[1] - a[1]) * i / count + 0.5))
        if 0 <= y < 4 * cells.shape[0] and 0 <= x < 2 * cells.shape[1]:
            cells[y // 4, x // 2] |= DOTS[y % 4][x % 2]


def _painted(text: str, style: str, is_zero: bool) -> Line:
    """A row in pieces of curve and background; the background of the row of zero is a line."""
    line: Line = []
    for char in text:
        blank = char == " "
        piece = ("┈" if is_zero else " ") if blank else char
        kind = "dim" if blank else style
        if line and line[-1][1] == kind:
            line[-1] = (line[-1][0] + piece, kind)
        else:
            line.append((piece, kind))
    return line


def _axis(points: np.ndarray, gutter: int, wide: int) -> list[Line]:
    """The horizontal axis and its numbers."""
    left, right = float(points[0]), float(points[-1])
    axis = ["─"] * wide
    numbers = [" "] * (wide + gutter + 12)
    taken = -1
    for tick in ticks(left, right, max(2, wide // 14)):
        place = int((tick - left) / (right - left) * (wide - 1) + 0.5)
        text = tick_text(tick)
        start = gutter + 2 + place - len(text) // 2
        if start > taken and start + len(text) <= len(numbers):
            axis[place] = "┬"
            numbers[start : start + len(text)] = text
            taken = start + len(text)
    return [[(" " * (gutter + 1) + "└" + "".join(axis), "dim")], [("".join(numbers), "dim")]]
