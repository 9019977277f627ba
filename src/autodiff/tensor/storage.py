"""Values of nodes, and who may change them.

Small ones are computed when they are made; what is large may wait (`autodiff.tensor.pending`).

A tensor's elements are one NumPy array; views of it are NumPy views.  In-place operations write into that memory and
count a *version*, which views and detached aliases share; what a derivative rule is going to read is remembered with
the version it had (`Record.seen`), so that backward can refuse values that have changed since.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary, ref

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.failures import overflow
from autodiff.execute.schedule import as_number, lowered
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONSTANT, CONVERT, PICK, constant
from autodiff.graph.values import real
from autodiff.tensor.precise import PRECISE

KEPT = -1  # a version that never counts as changed: the operand was copied


class Counter:
    """How often a piece of memory has been written to; shared by all tensors that look at it."""

    __slots__ = ("version",)

    def __init__(self) -> None:
        self.version = 0


class Record:
    """What eager execution knows of a node.

    `counter` and `version` are those of the memory that its value is in, where a tensor owns it; `seen` are the
    versions of its operands when it was computed; `freed` says that a backward has gone through it.
    """

    # What few nodes have is in a dict that few records make.
    __slots__ = ("__dict__", "counter", "freed", "owner", "seen", "step", "value")

    context: Any = None
    function: Any = None
    hooks: tuple[dict[int, Any], ...] = ()  # those of the tensors that the node has stood for
    leaf: Any = None
    retained: Any = None
    hooked: Any = ()  # of several results, those whose tensors have hooks
    shown_as: Any = None  # of what was written through a view: the view's node from there on
    detached = False  # whether the tensor that it stood for was detached in place
    linked: Any = ()  # other tensors that were saved, with their versions
    written: int | None = None  # of a write through a view: which operand of the operation the view is
    nobody = False  # whether a leaf is one that nothing accumulates into
    parts: Any = None  # of several results, the counters of their memory
    laid_out = False  # whether the value was put into another order in memory than the kernel's
    version = 0

    def __init__(self, value: Any) -> None:
        self.value = value
        self.counter: Counter | None = None
        self.seen: list[int] | None = None
        self.owner: Any = None  # a weak reference to the tensor that the node stands for
        self.freed = False
        self.step: Any = None  # of the recipe that made the node


class Pending(Record):
    """What is known of a node whose value waits until it is asked for (`autodiff.tensor.pending`)."""

    __slots__ = ()

    peeked: Any = None  # the value, where it was looked at and nothing else
    sources: frozenset[int]  # the nodes whose values are kept for it
    depth: int  # how many operations wait one after the other
    node: Any

    def __init__(self, node: Node) -> None:
        self.counter = None
        self.seen = None
        self.owner = None
        self.freed = False
        self.step = None
        self.node = ref(node)

    def __getattr__(self, name: str) -> Any:
        if name != "value":
            raise AttributeError(name)
        from autodiff.tensor.pending import settle

        settle([self.node()])
        return self.value


WAITING: WeakValueDictionary[int, Any] = WeakValueDictionary()  # tensors without memory


def writing(array: np.ndarray[Any, Any]) -> None:
    """To be called before memory is written to: what waits and depends on it is computed."""
    if WAITING:
        from autodiff.tensor.pending import settle_readers

        settle_readers(array)


def overwrite(tensor: Any, values: Any) -> None:
    """Put other values into a tensor's memory, without history."""
    writing(tensor._array)
    tensor._array[...] = values
    tensor._counter.version += 1


def record(node: Node) -> Record:
    """The record of a node, which is computed if it has none yet."""
    if node.eager is None:
        compute(node)
    return node.eager  # type: ignore[no-any-return]


def value_of(node: Node) -> Any:
    """The value of a node: an array, a plain number, or a tuple for several results."""
    return record(node).value


def compute(output: Node) -> None:
    """Values of a node and of what it needs, operands first."""
    stack = [output]
    with np.errstate(all="ignore"):
        while stack:
            node = stack[-1]
            if node.eager is not None:
                stack.pop()
                continue
            waiting = [] if node.op.reads_shape else [i for i in node.inputs if i.eager is None]
            if waiting:
                stack.extend(waiting)
                continue
            stack.pop()
            _compute(node)


def _compute(node: Node) -> None:
    op = node.op
    if op is CONSTANT:
        value = node.params[0]
        node.eager = Record(real(value) if node.weak and not isinstance(value, (int, float)) else value)
        return
    if op.reads_shape:
        node.eager = Record(op.kernel(node.inputs[0].shape, *node.params))
        return
    arrays = [operand.eager.value for operand in node.inputs]
    params = lowered(node)
    try:
        kernel = PRECISE.get(op.kernel, op.kernel)
        result = kernel(*arrays, *params) if op.operands_first else kernel(*op.arrange(arrays, params))
    except AutodiffError as error:
        error.span = error.span or node.span
        raise
    except OverflowError as error:
        raise overflow(node) from error
    if node.weak:
        result = as_number(result)
    elif node.results is None:
        result = np.asarray(result, dtype=node.dtype.numpy)
    known = node.eager = Record(result)
    if node.requires_grad:
        known.seen = [version_of(operand) for operand in node.inputs]


def memory_of(node: Node) -> Node:
    """The node in whose memory a value is: behind hidden broadcasts and conversions, before which PyTorch saves its
    operands, and behind views that no tensor stands for."""
    while True:
        op = node.op
        if op is BROADCAST or op is CONVERT or (op.view and node.eager is not None and node.eager.counter is None):
            node = node.inputs[0]
        elif op is PICK and node.inputs[0].op.view and node.eager is not None and node.eager.counter is None:
            node = node.inputs[0].inputs[0]
        else:
            return node


def version_of(node: Node) -> int:
    known: Record = memory_of(node).eager
    return known.counter.version if known.counter is not None else 0


def held(array: np.ndarray[Any, Any]) -> Node:
    """A constant that shows an array's memory, strides included."""
    node = constant(array)
    node.eager = Record(array)
    if not array.flags.c_contiguous:
        node._strides = tuple(step // array.itemsize for step in array.strides)
    return node
