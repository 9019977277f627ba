"""An error as a person sees it: what, where, and how to get out.

    AutodiffError ──diagnose──▶ lines of (text, style) ──▶ joined plainly, or painted by `paint`

    error[shape-mismatch]: The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0
      │ x + y
      │ ━   ━ y has shape [2]
      │ │
      │ x has shape [3]
      = more: autodiff explain shape-mismatch

The layout is the same with and without colour.  Marks that overlap are drawn below one another, a source of several
lines gets line numbers, and a long line is cut around what is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from autodiff.errors import AutodiffError, Source
from autodiff.report.cells import cell, displayed, width

Segment = tuple[str, str]  # a text and the name of its style
Line = list[Segment]

SOURCE_WIDTH = 100  # columns of source text that are shown where the terminal does not say
ELLIPSIS = "…"
UNNAMED = ("expr", "<input>")  # sources that nobody needs to be told of
SELF_EXPLANATORY = ("usage", "unreadable-file", "internal")


class Mark(NamedTuple):
    """Something to underline: code points of a source, what to say about it, and how it looks."""

    start: int
    end: int
    text: str
    style: str


class Drawn(NamedTuple):
    """A mark on one line of the screen, in columns."""

    start: int
    end: int
    text: str
    style: str
    sign: str


def diagnose(error: AutodiffError, columns: int | None = None) -> list[Line]:
    """The lines of an error; `columns` is the width of the terminal, None where there is none."""
    lines: list[Line] = [[(f"error[{error.code}]", "error"), (": ", ""), (displayed(error.message), "message")]]
    sources = _marks(error)
    gutter = max((_gutter(source) for source in sources), default=1)
    for source, marks in sources.items():
        lines += excerpt(source, marks, gutter, columns)
    if not sources and error.source is not None:
        lines.append([(" " * gutter + " in ", "bar"), (displayed(error.source.name), "")])
    for help in error.help:
        lines += remark("help", help, gutter, columns)
    if error.code not in SELF_EXPLANATORY:
        lines += remark("more", f"autodiff explain {error.code}", gutter, columns)
    return lines


def notice(kind: str, text: str, columns: int | None = None) -> list[Line]:
    """A `note` or `warning`."""
    return _wrapped([(kind, kind), (": ", "")], text, len(kind) + 2, columns)


def plain(lines: Iterable[Line]) -> str:
    """The lines without colour, each ended."""
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)


def remark(kind: str, text: str, gutter: int, columns: int | None) -> list[Line]:
    return _wrapped([(" " * gutter + " = ", "bar"), (kind, kind), (": ", "")], text, gutter + 5 + len(kind), columns)


def _wrapped(head: Line, text: str, indent: int, columns: int | None) -> list[Line]:
    """Text after its head; on a terminal broken at blanks, with the next lines below the first."""
    text = displayed(text)
    if columns is None or indent + width(text) <= columns or columns - indent < 20:
        return [[*head, (text, "")]]
    lines: list[Line] = []
    line, used = "", 0
    for word in text.split(" "):
        size = width(word)
        if line and indent + used + 1 + size > columns:
            lines.append([*(head if not lines else [(" " * indent, "")]), (line, "")])
            line, used = word, size
        else:
            line, used = (f"{line} {word}", used + 1 + size) if line else (word, size)
    lines.append([*(head if not lines else [(" " * indent, "")]), (line, "")])
    return lines


def _marks(error: AutodiffError) -> dict[Source, list[Mark]]:
    """What is to be underlined, by source; the place of the error itself only where that says more than its labels."""
    found: dict[Source, list[Mark]] = {}
    own = error.span is not None and (bool(error.says) or not error.labels)
    if error.span is not None:
        found[error.span.source] = []
        if own:
            found[error.span.source].append(Mark(error.span.start, error.span.end, displayed(error.says), "mark"))
    style = "label" if own else "mark"
    for source, start, end, text in ((*label.span, label.text) for label in error.labels):
        found.setdefault(source, []).append(Mark(start, end, displayed(text), style))
    return found


def _gutter(source: Source) -> int:
    return len(str(source.text.count("\n") + 1))


def excerpt(source: Source, marks: Sequence[Mark], gutter: int, columns: int | None) -> list[Line]:
    """The lines of a source that are marked, with the marks below each."""
    texts = source.text.split("\n")
    starts = [0]
    for text in texts:
        starts.append(starts[-1] + len(text) + 1)
    by_line: dict[int, list[Mark]] = {}
    for mark in marks:
        _place(mark, texts, starts, by_line)
    lines: list[Line] = []
    if source.name not in UNNAMED:
        own = [number for number, drawn in by_line.items() if any(mark.style == "mark" for mark in drawn)]
        where = f", line {min(own or by_line) + 1}" if len(texts) > 1 and by_line else ""
        lines.append([(" " * gutter + " in ", "bar"), (displayed(source.name) + where, "")])
    room = max(20, (SOURCE_WIDTH if columns is None else columns) - gutter - 3)
    previous = None
    for number in sorted(by_line):
        if previous is not None and number > previous + 1:
            between = texts[previous + 1] if number == previous + 2 else None
            label = " " * gutter + " ⋮" if between is None else f"{previous + 2:>{gutter}} │ "
            shown = [] if between is None else _cut([cell(c) for c in between.rstrip("\r")], [], room)[0]
            lines.append([(label, "bar"), *shown])
        head = f"{number + 1:>{gutter}} │ " if len(texts) > 1 else " " * gutter + " │ "
        lines += _marked(texts[number].rstrip("\r"), by_line[number], head, room)
        previous = number
    return lines


def _place(mark: Mark, texts: Sequence[str], starts: Sequence[int], by_line: dict[int, list[Mark]]) -> None:
    """Put a mark on its lines; of one over many lines, on the first and the last. The last has the text."""
    first = _line_of(mark.start, starts)
    last = first if mark.end <= mark.start else _line_of(mark.end - 1, starts)
    chosen = range(first, last + 1) if last - first < 4 else (first, last)
    for number in chosen:
        text = texts[number]
        begin = max(mark.start - starts[number], len(text) - len(text.lstrip()) if number > first else 0)
        end = min(mark.end - starts[number], len(text.rstrip()) if number < last else len(text) + 1)
        if number == last or end > begin:
            by_line.setdefault(number, []).append(
                Mark(begin, max(begin, end), mark.text if number == last else "", mark.style)
            )


def _line_of(position: int, starts: Sequence[int]) -> int:
    from bisect import bisect_right

    return min(bisect_right(starts, position) - 1, len(starts) - 2)


def _marked(text: str, marks: Sequence[Mark], head: str, room: int) -> list[Line]:
    """One line of a source, and the lines below it."""
    shown, column = _cut([cell(char) for char in text], [(mark.start, mark.end) for mark in marks], room)
    below = " " * (len(head) - 2) + "│ "
    drawn = []
    for mark in marks:
        begin = column[mark.start]
        end = max(column[mark.end], begin)
        own = mark.style == "mark"
        sign = "^" if mark.end == mark.start else "━" if own else "─"
        drawn.append(Drawn(begin, max(end, begin + 1), mark.text, mark.style, sign))
    lines = [[(head, "bar"), *shown]]
    for layer in _layers(sorted(drawn)):
        lines += [[(below, "bar"), *line] for line in _underlined(layer)]
    return lines


def _cut(cells: Sequence[tuple[str, int]], marks: Sequence[tuple[int, int]], room: int) -> tuple[Line, list[int]]:
    """The visible part of a line, and the column of each character (and of the end)."""
    offsets = [0]
    for _, size in cells:
        offsets.append(offsets[-1] + size)
    if offsets[-1] <= room:
        return [("".join(text for text, _ in cells), "source")], [*offsets, offsets[-1]]
    keep = [False] * len(cells)
    for begin, end in _windows(offsets, marks, room):
        keep[begin:end] = [True] * (end - begin)
    pieces: Line = []
    column: list[int] = []
    at, run, gap = 0, [], False
    for (text, size), kept in zip(cells, keep, strict=True):
        if kept:
            column.append(at)
            run.append(text)
            at += size
            gap = False
        else:
            if not gap:
                if run:
                    pieces.append(("".join(run), "source"))
                pieces.append((ELLIPSIS, "bar"))
                run, gap = [], True
                at += 1
            column.append(at - 1)
    if run:
        pieces.append(("".join(run), "source"))
    return pieces, [*column, at, at]


def _windows(offsets: Sequence[int], marks: Sequence[tuple[int, int]], room: int) -> list[tuple[int, int]]:
    """Which characters of a long line to show: one stretch around all marks, or one around each end of each."""
    count = len(offsets) - 1
    if not marks:
        return [(0, _until(offsets, 0, room - 1))]
    first, last = min(begin for begin, _ in marks), min(count, max(max(mark) for mark in marks))
    spare = room - 2 - (offsets[last] - offsets[min(first, count)])
    if spare >= 0:
        left = max(0, offsets[min(first, count)] - max(spare // 2, spare - (offsets[-1] - offsets[last])))
        begin = next(i for i in range(count + 1) if offsets[i] >= left)
        return [(begin, _until(offsets, begin, room - 2))]
    around = max(4, room // (4 * len(marks)) - 2)
    ends = sorted({place for mark in marks for place in mark})
    return [(max(0, place - around), min(count, place + around)) for place in ends]


def _until(offsets: Sequence[int], begin: int, room: int) -> int:
    end = begin
    while end < len(offsets) - 1 and offsets[end + 1] - offsets[begin] <= room:
        end += 1
    return end


def _layers(drawn: Sequence[Drawn]) -> list[list[Drawn]]:
    """Marks in rows in which none overlap; the shorter of two that do comes first."""
    layers: list[list[Drawn]] = []
    for mark in sorted(drawn, key=lambda mark: mark.end - mark.start):
        for layer in layers:
            if all(mark.end <= other.start or mark.start >= other.end for other in layer):
                layer.append(mark)
                break
        else:
            layers.append([mark])
    return [sorted(layer) for layer in layers]


def _underlined(layer: Sequence[Drawn]) -> list[Line]:
    """A row of underlines: the last one's text stands beside it, those of the others hang below."""
    row: Line = []
    at = 0
    for mark in layer:
        row += [(" " * (mark.start - at), ""), (mark.sign * (mark.end - mark.start), mark.style)]
        at = mark.end
    if layer[-1].text:
        row += [(" ", ""), (layer[-1].text, layer[-1].style)]
    lines = [row]
    hanging = [mark for mark in layer[:-1] if mark.text]
    if hanging:
        lines.append(_connected(hanging))
    while hanging:
        mark = hanging.pop()
        line = _connected(hanging)
        at = hanging[-1].start + 1 if hanging else 0
        lines.append([*line, (" " * (mark.start - at), ""), (mark.text, mark.style)])
    return lines


def _connected(marks: Sequence[Drawn]) -> Line:
    line: Line = []
    at = 0
    for mark in marks:
        line += [(" " * (mark.start - at), ""), ("│", mark.style)]
        at = mark.start + 1
    return line
