"""The grad_fn graph: as entries, in nested form, and as a tree.

    result node ──entries──▶ [Entry, …], each node once, the result first
                                ├─ nested     → ["MeanBackward0", [["AccumulateGrad", []], null]]
                                └─ tree_lines → text

Graphs may be as deep as memory allows, so nothing here recurses.
"""

from __future__ import annotations

from autodiff.errors import Span
from autodiff.graph.node import Node
from autodiff.graph.primitive import VARIABLE
from autodiff.graph.shown import edges, grad_fn, visible
from autodiff.graph.sizes import show
from autodiff.report.cells import displayed, width
from autodiff.report.diagnostics import Line

MAX_ENTRIES = 10_000
MAX_DEPTH = 500
DRAWN_DEPTH = 60  # a tree is not drawn deeper than that
TEXT_WIDTH = 40


class Entry:
    """A node as people see it: `next` are places in the list of entries, None for an operand without gradient."""

    __slots__ = ("name", "next", "shape", "span", "variable")

    def __init__(self, node: Node) -> None:
        self.variable: str | None = node.params[0] if node.op is VARIABLE else None
        self.name = (
            "AccumulateGrad" if self.variable is not None else str(grad_fn(node)).removeprefix("torch::autograd::")
        )
        self.span: Span | None = None if self.variable is not None else node.span
        self.shape = "" if node.results is not None else show(node.shape)
        self.next: list[int | None] = []


def entries(output: Node) -> list[Entry]:
    """Every node that gradients pass, the result first, operands from left to right; none without a grad_fn."""
    root = visible(output)
    if not output.requires_grad or root.op is VARIABLE:
        return []
    found: dict[Node, int] = {}
    order: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node in found:
            continue
        found[node] = len(order)
        order.append(node)
        stack.extend(operand for operand in reversed(_edges(node)) if operand is not None)
    listed = [Entry(node) for node in order]
    for entry, node in zip(listed, order, strict=True):
        entry.next = [None if operand is None else found[operand] for operand in _edges(node)]
    return listed


def _edges(node: Node) -> list[Node | None]:
    return [] if node.op is VARIABLE else edges(node)


def _post_order(listed: list[Entry]) -> list[int]:
    """Places of all entries, operands before the nodes that use them."""
    order: list[int] = []
    done = [False] * len(listed)
    stack = [(0, False)] if listed else []
    while stack:
        place, left = stack.pop()
        if left:
            if not done[place]:
                done[place] = True
                order.append(place)
        elif not done[place]:
            stack.append((place, True))
            stack.extend(
                (operand, False) for operand in listed[place].next if operand is not None and not done[operand]
            )
    return order


def nested(listed: list[Entry]) -> str | None:
    """The nested form as JSON text, which json itself could not write at that depth; None for one that is too large.

    A node that is used twice is written twice, so that size and depth are counted before anything is written.
    """
    if not listed:
        return None
    size, depth = [1] * len(listed), [1] * len(listed)
    order = _post_order(listed)
    for place in order:
        for operand in listed[place].next:
            size[place] = min(size[place] + (1 if operand is None else size[operand]), MAX_ENTRIES + 1)
            depth[place] = max(depth[place], 1 + (0 if operand is None else depth[operand]))
    if size[0] > MAX_ENTRIES or depth[0] > MAX_DEPTH:
        return None
    pieces: list[str] = []
    stack: list[int | str | None] = [0]
    while stack:
        item = stack.pop()
        if item is None:
            pieces.append("null")
        elif isinstance(item, str):
            pieces.append(item)
        else:
            pieces.append(f'["{listed[item].name}", [')
            stack.append("]]")
            for i, operand in enumerate(reversed(listed[item].next)):
                if i:
                    stack.append(", ")
                stack.append(operand)
    return "".join(pieces)


def tree_lines(listed: list[Entry]) -> list[Line]:
    """The graph as a tree; a node that is used again is drawn once and referred to by its number."""
    used = [0] * len(listed)
    for entry in listed:
        for operand in entry.next:
            if operand is not None:
                used[operand] += 1
    numbers: dict[int, int] = {}
    drawn: set[int] = set()
    rows: list[tuple[str, str, str, Entry | None]] = []  # branches, name, mark, what stands beside it
    stack: list[tuple[int, list[str], bool]] = [(0, [], True)]
    while stack:
        place, trunk, last = stack.pop()
        entry = listed[place]
        branches = "".join(trunk) + ("" if not rows else "└── " if last else "├── ")
        below = [*trunk, "" if not rows else "    " if last else "│   "]
        if entry.variable is not None:
            rows.append((branches, entry.name, f" ({displayed(entry.variable)})", None))
            continue
        shared = used[place] > 1
        if shared:
            numbers.setdefault(place, len(numbers) + 1)
        mark = f" #{numbers[place]}" if shared else ""
        if place in drawn:
            rows.append((branches, entry.name, f"{mark}, see above", None))
            continue
        drawn.add(place)
        rows.append((branches, entry.name, mark, entry))
        operands = [operand for operand in entry.next if operand is not None]
        if len(below) > DRAWN_DEPTH and operands:
            rows.append(("".join(below) + "└── ", "…", " deeper than a tree can show; --json has all nodes", None))
            continue
        stack.extend((operand, below, i == 0) for i, operand in enumerate(reversed(operands)))
    return _aligned(rows)


def _aligned(rows: list[tuple[str, str, str, Entry | None]]) -> list[Line]:
    """Names to the left; the piece of the expression and its shape in columns to the right."""
    column = (
        max((len(branches + name + mark) for branches, name, mark, entry in rows if entry is not None), default=0) + 2
    )
    texts = [_text(entry) if entry is not None else "" for _, _, _, entry in rows]
    wide = max(map(width, texts)) + 2
    lines: list[Line] = []
    for (branches, name, mark, entry), text in zip(rows, texts, strict=True):
        line: Line = [(branches, "bar"), (name, ""), (mark, "dim")]
        if entry is not None:
            line.append((" " * (column - len(branches + name + mark)) + text + " " * (wide - width(text)), "source"))
            line.append((entry.shape, "dim"))
        lines.append(line)
    return lines


def _text(entry: Entry) -> str:
    if entry.span is None:
        return ""
    text = displayed(" ".join(entry.span.text.split()))
    return text if width(text) <= TEXT_WIDTH else text[: TEXT_WIDTH // 2 - 1] + "…" + text[-TEXT_WIDTH // 2 :]
