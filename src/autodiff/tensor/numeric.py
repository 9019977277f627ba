"""Backward with numbers: from the newest node to the oldest, each by its assembled pullback.

This is how `Walk` goes where no graph of the gradient is wanted.  Cotangents are arrays, or NumPy's scalars, and never
written to: what a leaf keeps is its own.  Where hooks, a user's Function, or a rule that depends on values have a say,
the node is visited as `Walk` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from sys import getrefcount
from typing import Any

import numpy as np

from autodiff.graph.node import Node, ancestors
from autodiff.graph.primitive import CONVERT, PICK, VARIABLE, pick
from autodiff.ops.elementwise import sgn
from autodiff.tensor.chains import Reads
from autodiff.tensor.engine import FREED, Walk, check_versions, completed, leaf_edges
from autodiff.tensor.grad_fns import WATCHED
from autodiff.tensor.pending import is_plain, pulled
from autodiff.tensor.pullbacks import Pullback, pullback_of
from autodiff.tensor.storage import KEPT, Pending, Record, held, memory_of
from autodiff.tensor.views import along

_OURS = 3  # references to a value that nobody else has: its name on the walk, and two arguments


class _Tracked:
    """All nodes that want a gradient."""

    def __contains__(self, node: Node) -> bool:
        return node.requires_grad


class Numbers(Walk):
    """One backward: cotangents on their way from the outputs to the leaves."""

    def __init__(self, wanted: Sequence[Node] | None, *, retain: bool, accumulate: bool) -> None:
        super().__init__(wanted, retain=retain, create=False, accumulate=accumulate)
        self.useful: Any = _Tracked()
        self._waiting: list[int] = []  # a heap of the negative numbers of the nodes that have received
        self._numbered: dict[int, Node] = {}
        self._open_edges: dict[Node, int] | None = None

    def _run(self, outputs: Sequence[Node], cotangents: Sequence[Node]) -> None:
        if self.wanted is not None:
            self.useful = self._leading(ancestors(outputs, lambda node: node.requires_grad))
        self._begin(outputs, cotangents)
        if self.wanted is not None:
            self._visit_idle(outputs, cotangents, self.useful)
        if WATCHED[0]:
            self._open_edges = self._watched_leaves()
        with np.errstate(all="ignore"):
            self._empty()

    def _watched_leaves(self) -> dict[Node, int] | None:
        """What leaves wait for, if any of them has hooks, which must be called at their time."""
        nodes = [n for n in ancestors(self.outputs, lambda node: node.requires_grad) if n in self.useful]
        return leaf_edges(nodes) if any(node.op is VARIABLE and _is_watched(node.eager) for node in nodes) else None

    def _begin(self, outputs: Sequence[Node], cotangents: Sequence[Node]) -> None:
        pairs: Any = zip(outputs, cotangents, strict=True)
        if any(output.eager.__class__ is Pending for output in outputs):
            pairs = pulled(self, outputs, cotangents)
        for output, cotangent in pairs:
            if output in self.useful:
                self._receive(output, cotangent)

    def _empty(self) -> None:
        waiting, numbered, received = self._waiting, self._numbered, self.received
        open_edges = self._open_edges
        while waiting:
            node = numbered.pop(-heappop(waiting), None)
            if node is None or node not in received:
                continue  # a leaf that has been served
            try:
                self._take_turn(node)
            except Exception:
                nodes = ancestors(self.outputs, lambda node: node.requires_grad)
                self._finish_leaves([n for n in nodes if n in self.useful], node, self.useful)
                raise
            if open_edges is not None:
                for leaf in completed(node, open_edges):
                    if leaf in received:
                        self._serve(leaf, self.useful)

    def _take_turn(self, node: Node) -> None:
        wanted = self.wanted
        g = self.received.pop(node)
        known: Record = node.eager if node.eager is not None else Record(None)
        if g is None or (wanted is not None and node in wanted) or not is_plain(known):
            self._visit(node, _as_nodes(node, g), self.useful)
        elif node.op is PICK:
            self._gather(node, g)
        elif node.op is VARIABLE:
            leaf = known.leaf
            if leaf._hooks or leaf._afterwards:
                self._visit(node, _as_nodes(node, g), self.useful)
            elif wanted is None and self.accumulate:
                leaf._add(g, getrefcount(g) <= _OURS)
        else:
            self._by_pullback(node, known, g)

    def _serve(self, leaf: Node, useful: Any) -> None:
        self._visit(leaf, _as_nodes(leaf, self.received.pop(leaf)), useful)

    def _by_pullback(self, node: Node, known: Record, g: Any) -> None:
        step = known.step
        everything = self.wanted is None
        pullback: Any = step.pullback if step is not None and everything else None
        if pullback is None:
            pullback = None if node.op is sgn else self._pullback(node, g)
            if pullback is None:
                self._visit(node, _as_nodes(node, g), self.useful)
                return
            if step is not None and everything and not pullback.several:
                step.pullback = pullback
        if pullback.saves:
            if known.freed:
                raise RuntimeError(FREED)
            self._check(node, known, pullback)
        if not self.retain:
            known.freed = True
        slots = pullback.run(node, g)
        inputs, received = node.inputs, self.received
        for place, position in pullback.ends:
            operand = inputs[position]
            earlier = received.get(operand)
            if earlier is None:
                number = operand.index
                received[operand] = slots[place]
                self._numbered[number] = operand
                heappush(self._waiting, -number)
            else:
                received[operand] = earlier + slots[place]

    def _pullback(self, node: Node, g: Any) -> Pullback | None:
        given = None if node.results is None else tuple([part is not None for part in g])
        if self.wanted is None or all(operand in self.useful for operand in node.inputs if operand.requires_grad):
            return pullback_of(node, given, None)
        return None  # PyTorch looks at all that was saved, whatever is wanted

    def _through_write(self, node: Node, known: Record, g: Any, useful: Any) -> Any:
        """As `Walk` does it, in one copy of the cotangent where the operation has a pullback."""
        base, value = node.inputs
        inner = value
        fast = g is not None and self.wanted is None and not known.freed and inner.op is not CONVERT
        pullback = pullback_of(inner, None, None) if fast and inner.eager.function is None else None
        whole = None if pullback is None else np.array(g.eager.value, order="C")
        part = None if whole is None else along(whole, node.params[0])
        if pullback is None or part is None or pullback.several:
            return super()._through_write(node, known, g, useful)
        assert whole is not None
        known.freed = not self.retain
        if pullback.saves:
            self.check_saved(inner, pullback)
        inner.eager.freed = not self.retain
        slots = pullback.run(inner, np.array(part))
        pairs: list[tuple[Node, Any]] = []
        inside: Any = None
        for place, position in pullback.ends:
            pair = (inner.inputs[position], held(np.asarray(slots[place])))
            if position == known.written and inside is None:  # the view may be another operand, too
                inside = self._uncovered(*pair)[1]
            else:
                pairs.append(pair)
        part[...] = 0 if inside is None else inside.eager.value
        return [(base, held(whole)), *pairs]

    def check_saved(self, node: Node, reads: Pullback | Reads) -> None:
        """Refuse what a backward has gone through, and values that have changed since they were saved."""
        if node.eager.freed:
            raise RuntimeError(FREED)
        self._check(node, node.eager, reads)

    def _check(self, node: Node, known: Record, pullback: Pullback | Reads) -> None:
        """Refuse values that have changed since they were saved."""
        seen = known.seen
        if seen is not None:
            for position in pullback.reads:
                source = node.inputs[position]
                if source.op.hidden or source.op.view:
                    source = memory_of(source)
                counter = source.eager.counter
                if (counter is not None and counter.version != seen[position] != KEPT) or source.eager.detached:
                    check_versions(node, known, {node.inputs[i] for i in pullback.reads})
        if pullback.reads_out and known.counter is not None and known.counter.version != known.version:
            check_versions(node, known, {node})
        if known.linked:
            check_versions(node, known, set())
        if pullback.picks and known.parts is not None:
            check_versions(node, known, {pick(node, i) for i in pullback.picks})

    def _pull_back(self, node: Node, known: Record, g: Any, useful: Any) -> None:
        if node.op is PICK:
            self._gather(node, None if g is None else g.eager.value)
        else:
            super()._pull_back(node, known, g, useful)

    def _gather(self, node: Node, g: Any) -> None:
        """The cotangent of one of several results goes to its place."""
        parent = node.inputs[0]
        assert parent.results is not None
        gaps = self.received.get(parent)
        if gaps is None:
            gaps = [None] * len(parent.results)
            self._wait(parent, gaps)
        self.visited.add(node)
        place = node.params[0]
        if g is not None:
            gaps[place] = g if gaps[place] is None else gaps[place] + g

    def _receive(self, node: Node, cotangent: Any) -> None:
        if isinstance(cotangent, Node):
            cotangent = self._settled(cotangent).eager.value
        if node not in self.received:
            self._wait(node, cotangent)
        elif cotangent is not None:
            earlier = self.received[node]
            self.received[node] = cotangent if earlier is None else earlier + cotangent

    def _wait(self, node: Node, cotangent: Any) -> None:
        self.received[node] = cotangent
        self._numbered[node.index] = node
        heappush(self._waiting, -node.index)


def _is_watched(known: Record) -> bool:
    """Whether a leaf has hooks."""
    leaf, shown = known.leaf, known.context
    return bool(leaf._hooks or leaf._afterwards or (shown is not None and (shown._before or shown._after)))


def _as_nodes(node: Node, g: Any) -> Any:
    if g is None:
        return None
    if node.results is None:
        return held(np.asarray(g))
    return [part if part is None else held(np.asarray(part)) for part in g]
