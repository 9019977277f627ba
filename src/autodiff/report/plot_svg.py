"""Curves as a picture: all in one frame, each with a colour and its formula below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autodiff.report.cells import displayed
from autodiff.report.curves import Curve, pieces, tick_text, ticks, view
from autodiff.report.draw import escaped

WIDTH, HEIGHT = 640, 400  # of the frame
LEFT, TOP, RIGHT = 64, 16, 24
LINE = 20
COLORS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")
LONGEST = 76  # characters of a formula


def svg(drawn: Sequence[Curve], name: str, points: np.ndarray) -> str:
    """The curves over the same points."""
    low, high = view([curve.values for curve in drawn])
    margin = 0.03 * (high - low)
    frame = _Frame(float(points[0]), float(points[-1]), low - margin, high + margin)
    wide, tall = LEFT + WIDTH + RIGHT, TOP + HEIGHT + 48 + LINE * len(drawn)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{tall}" viewBox="0 0 {wide} {tall}"'
        ' font-family="monospace" font-size="12">',
        f'<rect width="{wide}" height="{tall}" fill="white"/>',
        f'<clipPath id="frame"><rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}"/></clipPath>',
        *_grid(frame, name),
    ]
    for i, curve in enumerate(drawn):
        color = COLORS[i % len(COLORS)]
        for piece in pieces(curve.values, frame.low, frame.high):
            parts.append(_line(frame, points[piece], curve.values[piece], color))
        parts += _legend(curve, name, i, color)
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Frame:
    """From numbers to pixels."""

    __slots__ = ("high", "left", "low", "right")

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self.left, self.right, self.low, self.high = left, right, low, high

    def x(self, value: float) -> float:
        return LEFT + (value - self.left) / (self.right - self.left) * WIDTH

    def y(self, value: float) -> float:
        """Pixels from the top; what is far outside is brought near, where readers of SVG can count."""
        return TOP + min(4.0, max(-3.0, (self.high - value) / (self.high - self.low))) * HEIGHT


def _grid(frame: _Frame, name: str) -> list[str]:
    parts = []
    for tick in ticks(frame.left, frame.right, 8):
        x = frame.x(tick)
        parts.append(_rule(x, TOP, x, TOP + HEIGHT, tick == 0))
        parts.append(f'<text x="{x:.1f}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{tick_text(tick)}</text>')
    for tick in ticks(frame.low, frame.high, 6):
        y = frame.y(tick)
        parts.append(_rule(LEFT, y, LEFT + WIDTH, y, tick == 0))
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick_text(tick)}</text>')
    parts.append(f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#888"/>')
    middle = LEFT + WIDTH / 2
    parts.append(f'<text x="{middle}" y="{TOP + HEIGHT + 32}" text-anchor="middle">{escaped(displayed(name))}</text>')
    return parts


def _rule(x: float, y: float, to_x: float, to_y: float, is_zero: bool) -> str:
    color = "#999" if is_zero else "#e4e4e4"
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{color}"/>'


def _line(frame: _Frame, xs: np.ndarray, ys: np.ndarray, color: str) -> str:
    places = [(frame.x(x), frame.y(y)) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
    if len(places) == 1:
        return f'<circle cx="{places[0][0]:.2f}" cy="{places[0][1]:.2f}" r="1" fill="{color}" clip-path="url(#frame)"/>'
    text = " ".join(f"{x:.2f},{y:.2f}" for x, y in places)
    return f'<polyline points="{text}" fill="none" stroke="{color}" stroke-width="1.8" clip-path="url(#frame)"/>'


def _legend(curve: Curve, name: str, place: int, color: str) -> list[str]:
    y = TOP + HEIGHT + 52 + LINE * place
    text = f"{curve.name}({name})" + (f" = {curve.formula}" if curve.formula else "")
    text = displayed(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
    return [
        f'<line x1="{LEFT}" y1="{y - 4}" x2="{LEFT + 24}" y2="{y - 4}" stroke="{color}" stroke-width="3"/>',
        f'<text x="{LEFT + 32}" y="{y}">{escaped(text)}</text>',
    ]
