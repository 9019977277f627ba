"""The grad_fn graph as a drawing: DOT, Mermaid, or an SVG of its own layout.

[Entry, …] ──layers──▶ one layer an entry, the result on top ──placed──▶ columns ──▶ boxes and curves
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autodiff.errors import AutodiffError
from autodiff.report.cells import displayed, width
from autodiff.report.layers import Layout, layout
from autodiff.report.tree import Entry

LARGEST = 2_000  # nodes of a picture
TEXT_WIDTH = 36  # columns of source text in a box
CHARACTER, LINE, PADDING = 7.25, 16, 9  # pixels
GAP_X, GAP_Y, MARGIN = 28, 44, 16


def labels(entry: Entry) -> list[str]:
    """The lines of a box: a leaf's name, or the grad_fn and the piece of the expression; then the shape."""
    if entry.variable is not None:
        return [displayed(entry.variable), entry.shape]
    lines = [entry.name]
    if entry.span is not None:
        text = displayed(" ".join(entry.span.text.split()))
        lines.append(
            text if width(text) <= TEXT_WIDTH else text[: TEXT_WIDTH // 2 - 1] + "…" + text[-TEXT_WIDTH // 2 :]
        )
    return [*lines, entry.shape] if entry.shape else lines


def _edges(entries: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(i, other) for i, entry in enumerate(entries) for other in entry.next if other is not None]


def dot(entries: Sequence[Entry]) -> str:
    """The graph in Graphviz's language."""
    lines = ["digraph autodiff {", '  node [shape=box, style=rounded, fontname="monospace", fontsize=11];']
    for i, entry in enumerate(entries):
        text = "\\n".join(re.sub(r'(["\\])', r"\\\1", line) for line in labels(entry))
        leaf = ", shape=ellipse, style=filled, fillcolor=lightblue" if entry.variable is not None else ""
        lines.append(f'  n{i} [label="{text}"{leaf}];')
    lines += [f"  n{a} -> n{b};" for a, b in _edges(entries)]
    return "\n".join([*lines, "}"]) + "\n"


def mermaid(entries: Sequence[Entry]) -> str:
    """The graph as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    for i, entry in enumerate(entries):
        text = "<br/>".join(_entities(line) for line in labels(entry))
        opening, closing = ('(["', '"])') if entry.variable is not None else ('["', '"]')
        lines.append(f"  n{i}{opening}{text}{closing}")
    lines += [f"  n{a} --> n{b}" for a, b in _edges(entries)]
    return "\n".join(lines) + "\n"


def _entities(text: str) -> str:
    """Every sign that Mermaid or HTML could take for its own, as an entity."""
    return re.sub(r"[^\w\s.,:()+\-/=]", lambda match: f"#{ord(match[0])};" if match[0].isascii() else match[0], text)


def svg(entries: Sequence[Entry]) -> str:
    """The graph as a picture, with the result on top; raises `usage` for one that is too large to look at."""
    if len(entries) > LARGEST:
        raise AutodiffError(
            "usage",
            f"the graph has {len(entries):,} nodes, and a picture holds {LARGEST:,}",
            type="ValueError",
            help="--dot, --mermaid and --json have all nodes",
        )
    texts = [labels(entry) for entry in entries]
    sizes = [(max(map(width, lines)) * CHARACTER + 2 * PADDING, len(lines) * LINE + PADDING) for lines in texts]
    placed = layout(sizes, _edges(entries), GAP_X, GAP_Y)
    wide, high = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}"'
        f' viewBox="{-MARGIN} {-MARGIN} {wide:.0f} {high:.0f}" font-family="monospace" font-size="12">',
        '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#667"/></marker></defs>',
        f'<rect x="{-MARGIN}" y="{-MARGIN}" width="{wide:.0f}" height="{high:.0f}" fill="white"/>',
        *[f'<path d="{_curve(points)}" fill="none" stroke="#667" marker-end="url(#end)"/>' for points in placed.lines],
    ]
    for i, entry in enumerate(entries):
        parts += _box(entry, texts[i], sizes[i], placed, i)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(entry: Entry, lines: list[str], size: tuple[float, float], placed: Layout, i: int) -> list[str]:
    (wide, high), (x, y) = size, placed.centers[i]
    leaf = entry.variable is not None
    fill, stroke, radius = ("#e3f0fb", "#3572b0", high / 2) if leaf else ("#f7f7f9", "#99a", 5)
    box = f'x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="{radius:.1f}"'
    parts = [f'<rect {box} fill="{fill}" stroke="{stroke}"/>']
    for number, line in enumerate(lines):
        baseline = y - high / 2 + PADDING / 2 + LINE * (number + 0.75)
        style = ' font-weight="bold"' if number == 0 else ' fill="#556"'
        parts.append(f'<text x="{x:.1f}" y="{baseline:.1f}" text-anchor="middle"{style}>{escaped(line)}</text>')
    return parts


def _curve(points: list[tuple[float, float]]) -> str:
    """A smooth line through points that go down."""
    (x, y), *rest = points
    pieces = [f"M{x:.1f},{y:.1f}"]
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        pieces.append(f"C{x:.1f},{middle:.1f} {to_x:.1f},{middle:.1f} {to_x:.1f},{to_y:.1f}")
        x, y = to_x, to_y
    return " ".join(pieces)


def escaped(text: str) -> str:
    """Text for XML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
