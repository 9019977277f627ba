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
from autodiff.graph.op import PICK, VARIABLE, pick
from autodiff.tensor.chains import Reads
from autodiff.tensor.engine import FREED, Walk, check_versions
from autodiff.tensor.pending import is_plain, pulled
from autodiff.tensor.pullbacks import Pullback, pullback_of
from autodiff.tensor.storage import KEPT, Pending, Record, held, memory_of

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

    def _run(self, outputs: Sequence[Node], cotangents: Sequence[Node]) -> None:
        if self.wanted is not None:
            self.useful = self._leading(ancestors(outputs, lambda node: node.requires_grad))
        pairs: Any = zip(outputs, cotangents, strict=True)
        if any(output.eager.__class__ is Pending for output in outputs):
            pairs = pulled(self, outputs, cotangents)
        for output, cotangent in pairs:
            if output in self.useful:
                self._receive(output, cotangent)
        if self.wanted is not None:
            self._visit_idle(outputs, cotangents, self.useful)
        with np.errstate(all="ignore"):
            self._empty()

    def _empty(self) -> None:
        waiting, numbered, received, wanted = self._waiting, self._numbered, self.received, self.wanted
        while waiting:
            node = numbered.pop(-heappop(waiting))
            g = received.pop(node)
            known: Record = node.eager if node.eager is not None else Record(None)
            if node.op is PICK and (wanted is None or node not in wanted) and is_plain(known):
                self._gather(node, g)
            elif (wanted is not None and node in wanted) or not is_plain(known):
                self._visit(node, _as_nodes(node, g), self.useful)
            elif node.op is VARIABLE:
                leaf = known.leaf
                if wanted is not None or not self.accumulate:
                    continue
                if leaf._hooks or leaf._afterwards:
                    self._visit(node, _as_nodes(node, g), self.useful)
                else:
                    leaf._add(g, getrefcount(g) <= _OURS)
            else:
                self._by_pullback(node, known, g)

    def _by_pullback(self, node: Node, known: Record, g: Any) -> None:
        step = known.step
        everything = self.wanted is None
        pullback: Any = step.pullback if step is not None and everything else None
        if pullback is None:
            pullback = self._pullback(node, g)
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
                received[operand] = slots[place]
                number = operand.index
                self._numbered[number] = operand
                heappush(self._waiting, -number)
            else:
                received[operand] = earlier + slots[place]

    def _pullback(self, node: Node, g: Any) -> Pullback | None:
        given = None if node.results is None else tuple([part is not None for part in g])
        wanted = None if self.wanted is None else tuple([operand in self.useful for operand in node.inputs])
        return pullback_of(node, given, wanted)

    def check_saved(self, node: Node, reads: Reads) -> None:
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
                if counter is not None and counter.version != seen[position] != KEPT:
                    check_versions(node, known, {node.inputs[i] for i in pullback.reads})
        if pullback.reads_out and known.counter is not None and known.counter.version != known.version:
            check_versions(node, known, {node})
        if pullback.picks and known.parts is not None:
            check_versions(node, known, {pick(node, i) for i in pullback.picks})

    def _pull_back(self, node: Node, known: Record, g: Any, useful: Any) -> None:
        if node.op is PICK:
            self._gather(node, g.eager.value)
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
        place = node.params[0]
        gaps[place] = g if gaps[place] is None else gaps[place] + g

    def _receive(self, node: Node, cotangent: Any) -> None:
        if isinstance(cotangent, Node):
            cotangent = self._settled(cotangent).eager.value
        earlier = self.received.get(node)
        if earlier is None:
            self._wait(node, cotangent)
        else:
            self.received[node] = earlier + cotangent

    def _wait(self, node: Node, cotangent: Any) -> None:
        self.received[node] = cotangent
        self._numbered[node.index] = node
        heappush(self._waiting, -node.index)


def _as_nodes(node: Node, g: Any) -> Any:
    if node.results is None:
        return held(np.asarray(g))
    return [part if part is None else held(np.asarray(part)) for part in g]
