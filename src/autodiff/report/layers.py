"""A layered layout of an acyclic graph: boxes in layers, edges that go down, few crossings.

After Sugiyama, Tagawa and Toda (1981): longest-path layers, a bend in every layer that an edge passes, barycentres for
the order within layers, then positions drawn towards the mean of their neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

SWEEPS = 8
BEND = 10.0  # the width that an edge takes where it passes a layer
CROWDED = 20_000  # bends beyond which edges go straight

Point = tuple[float, float]


class Layout(NamedTuple):
    """Centres of the boxes, and the points that each edge goes through."""

    centers: list[Point]
    lines: list[list[Point]]
    width: float
    height: float


def layout(
    sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]], gap_x: float, gap_y: float
) -> Layout:
    """Boxes of these sizes with edges from upper to lower ones."""
    depth = _layers(len(sizes), edges)
    widths = [size[0] for size in sizes]
    chains = _chains(edges, depth, widths)
    below: list[list[int]] = [[] for _ in widths]
    above: list[list[int]] = [[] for _ in widths]
    for chain in chains:
        for a, b in pairwise(chain):
            below[a].append(b)
            above[b].append(a)
    rows: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for node, layer in enumerate(depth):
        rows[layer].append(node)
    _order(rows, above, below)
    xs = _columns(rows, widths, above, below, gap_x)
    tops, heights = _tops(rows, sizes, gap_y)
    centers = [(xs[node], tops[depth[node]] + heights[depth[node]] / 2) for node in range(len(sizes))]
    lines = [_line(chain, xs, depth, tops, heights, sizes) for chain in chains]
    width = max((xs[node] + widths[node] / 2 for node in range(len(widths))), default=0.0)
    return Layout(centers, lines, width, (tops[-1] + heights[-1]) if rows else 0.0)


def _layers(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each node: one below the lowest of those that lead to it."""
    below: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for a, b in edges:
        below[a].append(b)
        waiting[b] += 1
    depth = [0] * count
    ready = [node for node in range(count) if not waiting[node]]
    while ready:
        node = ready.pop()
        for other in below[node]:
            depth[other] = max(depth[other], depth[node] + 1)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return depth


def _chains(edges: Sequence[tuple[int, int]], depth: list[int], widths: list[float]) -> list[list[int]]:
    """Each edge as nodes of neighbouring layers; what lies in between are bends, added to `depth` and `widths`."""
    bends = sum(depth[b] - depth[a] - 1 for a, b in edges)
    chains = []
    for a, b in edges:
        chain = [a]
        for layer in range(depth[a] + 1, depth[b] if bends <= CROWDED else 0):
            chain.append(len(depth))
            depth.append(layer)
            widths.append(BEND)
        chains.append([*chain, b])
    return chains


def _order(rows: list[list[int]], above: list[list[int]], below: list[list[int]]) -> None:
    """Sort each layer by the mean place of its neighbours, downwards and upwards in turn."""
    place: dict[int, float] = {}
    for row in rows:
        place.update((node, i) for i, node in enumerate(row))
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            row.sort(key=lambda node: _mean([place[other] for other in neighbours[node]], place[node]))
            place.update((node, i) for i, node in enumerate(row))


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _columns(
    rows: list[list[int]], widths: list[float], above: list[list[int]], below: list[list[int]], gap: float
) -> list[float]:
    """Centres from left to right: drawn towards neighbours, never closer than the gap."""
    xs = [0.0] * len(widths)
    for row in rows:
        x = 0.0
        for node in row:
            xs[node] = x + widths[node] / 2
            x += widths[node] + gap
    for sweep in range(2 * SWEEPS):
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            wanted = [_mean([xs[other] for other in neighbours[node]], xs[node]) for node in row]
            _spread(row, wanted, xs, widths, gap)
    left = min((xs[node] - widths[node] / 2 for node in range(len(widths))), default=0.0)
    return [x - left for x in xs]


def _spread(row: list[int], wanted: list[float], xs: list[float], widths: list[float], gap: float) -> None:
    """Positions in order that are nearest to the wanted ones: neighbours that touch move as one block."""
    offsets = [0.0]
    for a, b in pairwise(row):
        offsets.append(offsets[-1] + (widths[a] + widths[b]) / 2 + gap)
    blocks: list[tuple[float, int]] = []  # the sum of where members want the block's origin, and how many they are
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / count:
            other, members = blocks.pop()
            total, count = total + other, count + members
        blocks.append((total, count))
    i = 0
    for total, count in blocks:
        for _ in range(count):
            xs[row[i]] = total / count + offsets[i]
            i += 1


def _tops(rows: list[list[int]], sizes: Sequence[tuple[float, float]], gap: float) -> tuple[list[float], list[float]]:
    tops, heights = [], []
    y = 0.0
    for row in rows:
        high = max((sizes[node][1] for node in row if node < len(sizes)), default=0.0)
        tops.append(y)
        heights.append(high)
        y += high + gap
    return tops, heights


def _line(
    chain: list[int],
    xs: list[float],
    depth: list[int],
    tops: list[float],
    heights: list[float],
    sizes: Sequence[tuple[float, float]],
) -> list[Point]:
    """From the lower side of the first box, straight through the layers in between, to the upper side of the last."""
    first, *bends, last = chain
    points = [(xs[first], _middle(first, depth, tops, heights) + sizes[first][1] / 2)]
    for bend in bends:
        top, high = tops[depth[bend]], heights[depth[bend]]
        points += [(xs[bend], top), (xs[bend], top + high)]
    return [*points, (xs[last], _middle(last, depth, tops, heights) - sizes[last][1] / 2)]


def _middle(node: int, depth: list[int], tops: list[float], heights: list[float]) -> float:
    return tops[depth[node]] + heights[depth[node]] / 2
