"""Chains of values that wait, computed as one plan: forward, or forward and backward together.

A chain is a part of the graph whose nodes have no values yet, over *feeds* that have: tensors, and plain numbers.  What
its plan looks like depends on operations, parameters and forms alone, so that chains that are alike share one.

    nodes ──described──▶ key, feeds ──▶ Chain ──run──▶ values, and cotangents of the feeds
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.backward import gradients
from autodiff.execute.run import run
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.node import Node
from autodiff.graph.primitive import CONSTANT, VARIABLE
from autodiff.tensor import modes
from autodiff.tensor.engine import saved
from autodiff.tensor.guards import root_of
from autodiff.tensor.pullbacks import ANY_NUMBER
from autodiff.tensor.storage import Pending, value_of

LIMIT = 1024  # kept chains, and plans of each


class Reads(NamedTuple):
    """What a node of a chain saves for backward: the positions of operands, and whether its result."""

    number: int
    reads: list[int]
    reads_out: bool
    picks: tuple[int, ...] = ()


class Chain:
    """Nodes of one structure, with variables for their feeds; plans for what has been asked of them."""

    __slots__ = ("_plans", "_reads", "feeds", "nodes")

    def __init__(self, nodes: Sequence[Node], feeds: Sequence[Node], places: Sequence[Sequence[int | None]]) -> None:
        self.feeds = [
            Node(VARIABLE, (), (str(i),), feed.shape, feed.dtype, feed.requires_grad, feed.weak)
            for i, feed in enumerate(feeds)
        ]
        self.nodes: list[Node] = []
        for node, own in zip(nodes, places, strict=True):
            inputs = tuple([self._input(operand, at) for operand, at in zip(node.inputs, own, strict=True)])
            self.nodes.append(Node(node.op, inputs, node.params, node.shape, node.dtype, node.requires_grad))
        self._plans: dict[Any, Any] = {}
        self._reads: list[Reads] | None = None

    def _input(self, operand: Node, place: int | None) -> Node:
        """What stands for an operand: an earlier node, a feed (counted down from -1), or a number that is always so."""
        if place is None:
            return Node(CONSTANT, (), (value_of(operand),), (), operand.dtype, False, True)
        return self.nodes[place] if place >= 0 else self.feeds[-1 - place]

    @property
    def reads(self) -> list[Reads]:
        """What PyTorch's operations save, traced from the rules, for the nodes that save anything."""
        if self._reads is None:
            self._reads = [reads for i, node in enumerate(self.nodes) if (reads := _reads_of(node, i)) is not None]
        return self._reads

    def values(self, wanted: Sequence[int], feeds: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
        """The values of the nodes with these numbers, each in memory of its own."""
        key = tuple(wanted)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._keep(key, schedule([self.nodes[i] for i in wanted]))
        with modes.session():
            return _own(run(plan, _named(feeds)), feeds)

    def backward(
        self, outputs: Sequence[int], wanted: Sequence[int], feeds: Sequence[Any], cotangents: Sequence[Any]
    ) -> tuple[list[np.ndarray[Any, Any]], list[tuple[int, np.ndarray[Any, Any]]]] | None:
        """Values of the nodes that are wanted, and the cotangents of the feeds that receive one, by their numbers.

        None where a rule depends on values.
        """
        key = (tuple(outputs), tuple(wanted))
        if key not in self._plans:
            try:
                self._keep(key, self._pulled(outputs, wanted))
            except Exception:  # the rules are asked one by one then, and say what is wrong
                self._keep(key, None)
        found = self._plans[key]
        if found is None:
            return None
        plan, receivers = found
        given = _named(feeds)
        given.update({f"g{i}": g for i, g in enumerate(cotangents)})
        with modes.session():
            results = _own(run(plan, given), feeds)
        count = len(wanted)
        return results[:count], list(zip(receivers, results[count:], strict=True))

    def _pulled(self, outputs: Sequence[int], wanted: Sequence[int]) -> tuple[Plan, list[int]]:
        ends = [self.nodes[i] for i in outputs]
        starts = [Node(VARIABLE, (), (f"g{i}",), end.shape, end.dtype, False) for i, end in enumerate(ends)]
        tracked = [i for i, feed in enumerate(self.feeds) if feed.requires_grad]
        with modes.session():
            found = gradients(ends, starts, [self.feeds[i] for i in tracked])
        receivers = [i for i, g in zip(tracked, found, strict=True) if g is not None]
        return schedule([*[self.nodes[i] for i in wanted], *[g for g in found if g is not None]]), receivers

    def _keep(self, key: Any, plan: Any) -> Any:
        if len(self._plans) >= LIMIT:
            self._plans.clear()
        self._plans[key] = plan
        return plan


def _reads_of(node: Node, number: int) -> Reads | None:
    if not node.requires_grad:
        return None
    try:
        with modes.session():
            read = saved(node)
    except Exception:  # the rule looks at values: it may read all of them
        read = {node, *node.inputs}
    if not read:
        return None
    return Reads(number, [i for i, operand in enumerate(node.inputs) if operand in read], node in read)


def _named(feeds: Sequence[Any]) -> dict[str, Any]:
    return {str(i): value for i, value in enumerate(feeds)}


def _own(results: list[np.ndarray[Any, Any]], feeds: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    """Results in memory that nothing else is in: plans share what is equal."""
    taken = {id(root_of(feed)) for feed in feeds if isinstance(feed, np.ndarray)}
    for i, result in enumerate(results):
        memory = id(root_of(result))
        if memory in taken or not result.flags.writeable or not result.flags.c_contiguous:
            results[i] = np.array(result, order="C")
        taken.add(memory)
    return results


_chains: dict[Any, Chain] = {}


def described(nodes: Sequence[Node]) -> tuple[Chain, list[Node]]:
    """The chain that nodes without values form, oldest first, and its feeds."""
    key: list[Any] = [modes.get_default_dtype()]
    numbers: dict[Node, int] = {}
    feeds: list[Node] = []
    places: list[list[int | None]] = []
    for i, node in enumerate(nodes):
        key += (node.op, node.shape, node.dtype, node.requires_grad, len(node.inputs))
        for param in node.params:
            key += (param.__class__, repr(param) if param.__class__ is float else param)
        own: list[int | None] = []
        places.append(own)
        for operand in node.inputs:
            if operand.weak and node.op.name not in ANY_NUMBER:
                value = value_of(operand)
                key += (value.__class__, repr(value))
                own.append(None)
                continue
            place = numbers.get(operand)
            if place is None:
                place = numbers[operand] = -1 - len(feeds)
                feeds.append(operand)
                key += (value_of(operand).__class__, operand.shape, operand.dtype, operand.requires_grad)
            key.append(place)
            own.append(place)
        numbers[node] = i
    whole = tuple(key)
    chain = _chains.get(whole)
    if chain is None:
        if len(_chains) >= LIMIT:
            _chains.clear()
        chain = _chains[whole] = Chain(nodes, feeds, places)
    return chain, feeds


def waiting(outputs: Sequence[Node]) -> list[Node]:
    """The nodes without values that outputs depend on through such nodes, oldest first."""
    seen = {node for node in outputs if node.eager.__class__ is Pending}
    stack = list(seen)
    while stack:
        for operand in stack.pop().inputs:
            if operand.eager.__class__ is Pending and operand not in seen:
                seen.add(operand)
                stack.append(operand)
    return sorted(seen, key=lambda node: node.index)
