"""Values that wait: chains over large tensors are computed when somebody looks, and nobody notices.

An elementwise operation or a reduction of something large makes a tensor whose memory is not there yet.  It is made

- by a backward from there, which computes values and gradients in one plan (`pulled`);
- when Python looks (`print`, `item`, truth), by a plan for what it looks at alone (`look`);
- when anything else asks for the elements (`settle`), together with what backward will ask for;
- before memory that the chain reads is written to (`settle_readers`).

Operations that can raise because of their operands' values, draws of random numbers, and views never wait.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from math import prod
from typing import Any, Protocol
from weakref import WeakValueDictionary, ref

import numpy as np

from autodiff.execute.tiles import SMALLEST
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node, ancestors
from autodiff.graph.primitive import BROADCAST, CONSTANT, CONVERT
from autodiff.graph.sizes import contiguous_strides
from autodiff.tensor.chains import Reads, described, waiting
from autodiff.tensor.grad_fns import GradFn
from autodiff.tensor.guards import root_of
from autodiff.tensor.modes import is_grad_enabled
from autodiff.tensor.recipes import Recipe, Step
from autodiff.tensor.storage import WAITING, Counter, Pending, Record, held, record, version_of, writing
from autodiff.tensor.straight import NotStraightError
from autodiff.tensor.tensor import TO_NUMPY, Tensor, form_named

LARGE = 2 * SMALLEST  # elements from which on waiting is worth it
DEEPEST = 200  # operations one after the other that wait
MOST_SOURCES = 6  # large tensors that are kept for the sake of one that waits
_MATHS = ("float32", "float64")

# Arrays of the host's that tensors look at: nobody tells when they are written to.
_FOREIGN: WeakValueDictionary[int, np.ndarray[Any, Any]] = WeakValueDictionary()


def is_waiting(tensor: Tensor) -> bool:
    """Whether a tensor's memory is not there yet."""
    return tensor._node.eager.__class__ is Pending


def mark_foreign(array: np.ndarray[Any, Any]) -> None:
    """Say that an array may change without notice from now on."""
    writing(array)
    memory = root_of(array)
    _FOREIGN[id(memory)] = memory


def shared_array(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A tensor's memory as an array, as PyTorch's `numpy()` gives it; raises RuntimeError as `Tensor.numpy` does."""
    if tensor.requires_grad and is_grad_enabled():
        raise RuntimeError(TO_NUMPY)
    mark_foreign(tensor._array)
    return tensor._array[...]


# What waits


def may_wait(node: Node) -> bool:
    """Whether an operation's values can be computed later: no error and no draw depends on when."""
    op = node.op
    if node.results is not None or node.weak or op.impure or op.view:
        return False
    if node.dtype.name not in _MATHS and node.dtype.name != "bool":
        return False
    if not any(operand.dtype.name in _MATHS for operand in node.inputs):
        return False
    try:
        hash(node.params)
    except TypeError:
        return False
    return isinstance(op, Elementwise) or op is CONVERT or op is BROADCAST or op.fold is not None


def deferred(output: Node, sources: dict[Node, Tensor]) -> Tensor | None:
    """A tensor for what an operation made, whose memory is to come; None where it should not wait."""
    if not (_is_large(output) or any(is_waiting(t) or _is_large(node) for node, t in sources.items())):
        return None
    if output.eager is not None:
        return None
    between = ancestors([output], lambda node: node not in sources and node.eager is None)
    made = []
    for node in between:
        if node.op is CONSTANT or node.op.reads_shape or (node.weak and all(i.weak for i in node.inputs)):
            record(node)
        elif may_wait(node):
            made.append(node)
        else:
            return None
    inside = set(made)
    feeds = [operand for node in made for operand in node.inputs if operand not in inside and not operand.weak]
    reach = _reach(feeds)
    if reach is None:
        return None
    for node in made:
        known = node.eager = Pending(node)
        known.sources, known.depth = reach
        if node.requires_grad:
            known.seen = [version_of(operand) for operand in node.inputs]
    return _tensor(output)


def _is_large(node: Node) -> bool:
    return prod(node.shape) >= LARGE


def _reach(feeds: Sequence[Node]) -> tuple[frozenset[int], int] | None:
    """What a chain over these would keep alive and how deep it would be, None where it should not be made."""
    sources: set[int] = set()
    depth = 0
    for feed in feeds:
        known = feed.eager
        if known.__class__ is Pending:
            sources |= known.sources
            depth = max(depth, known.depth)
            continue
        array = known.value
        if array.__class__ is not np.ndarray or not array.flags.c_contiguous or id(root_of(array)) in _FOREIGN:
            return None
        if _is_large(feed):
            sources.add(id(feed))
    if depth >= DEEPEST or len(sources) > MOST_SOURCES:
        return None
    return frozenset(sources), depth + 1


def _tensor(node: Node) -> Tensor:
    """A tensor without memory, which a node stands for."""
    tensor = Tensor.__new__(Tensor)
    tensor._node = node
    tensor._counter = Counter()
    tensor._base = None
    tensor._grad = None
    tensor._seen = 0
    shape: Any = node.shape
    np.empty(shape, node.dtype.numpy)  # whether there is memory is said at once
    steps = tuple([step * node.dtype.numpy.itemsize for step in contiguous_strides(shape)])
    tensor._form = form_named((shape, steps, node.dtype, node.requires_grad, "waits"))
    known: Pending = node.eager
    known.counter = tensor._counter
    known.owner = ref(tensor)
    WAITING[id(tensor)] = tensor
    return tensor


class Later(Recipe):
    """How a call makes nodes whose values wait."""

    __slots__ = ("number",)

    def __init__(self, steps: list[Step], number: int) -> None:
        super().__init__(None, steps, [], None)  # type: ignore[arg-type]
        self.number = number  # of the result

    def run(self, operands: Sequence[Any]) -> Tensor:
        """The result, for tensors (and plain numbers as nodes); raises NotStraightError where it should not wait."""
        nodes: list[Node] = [t if t.__class__ is Node else t._current for t in operands]
        reach = _reach([node for node in nodes if not node.weak])
        if reach is None:
            raise NotStraightError
        for step in self.steps:
            if step.shared is not None:
                nodes.append(step.shared)
                continue
            inputs = tuple([nodes[i] for i in step.inputs])
            node = Node(step.op, inputs, step.params, step.shape, step.dtype, step.tracked)
            known = node.eager = Pending(node)
            known.sources, known.depth = reach
            if step.tracked:
                known.seen = [operands[i]._counter.version if i >= 0 else 0 for i in step.seen]
            nodes.append(node)
        return _tensor(nodes[self.number])


# Computing


def look(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A tensor's elements, to be looked at and not to be kept; the rest of its chain goes on waiting."""
    node = tensor._node
    known = node.eager
    if known.__class__ is not Pending:
        return tensor._array
    if not node.requires_grad:
        settle([node])
        return tensor._array
    if known.peeked is None:
        nodes = waiting([node])
        known.peeked = _values(nodes, [node])[0]
    return known.peeked  # type: ignore[no-any-return]


def settle(nodes: Sequence[Node]) -> None:
    """Compute nodes, and of what they depend on whatever backward will read."""
    chain = waiting(nodes)
    wanted = {node for node in nodes if node.eager.__class__ is Pending}
    for node, reads in _saving(chain):
        wanted.update(node.inputs[i] for i in reads.reads if node.inputs[i].eager.__class__ is Pending)
        if reads.reads_out:
            wanted.add(node)
    ordered = sorted(wanted, key=lambda node: node.index)
    for node, value in zip(ordered, _values(chain, ordered), strict=True):
        finish(node, value)


def _saving(chain: list[Node]) -> Iterator[tuple[Node, Reads]]:
    """Nodes of a chain that backward will read something for, and what."""
    if not any(node.requires_grad and not node.eager.freed for node in chain):
        return
    for reads in described(chain)[0].reads:
        node = chain[reads.number]
        if not node.eager.freed:
            yield node, reads


def _values(chain: list[Node], wanted: Sequence[Node]) -> list[Any]:
    structure, feeds = described(chain)
    numbers = {node: i for i, node in enumerate(chain)}
    return structure.values([numbers[node] for node in wanted], [feed.eager.value for feed in feeds])


def finish(node: Node, value: np.ndarray[Any, Any]) -> None:
    """A node has its value, and so has the tensor that it stands for."""
    known = node.eager
    if known.peeked is not None:
        value = known.peeked
    for name in ("peeked", "sources", "depth", "node"):
        known.__dict__.pop(name, None)
    known.__class__ = Record
    known.value = value
    tensor = None if known.owner is None else known.owner()
    if tensor is None or tensor._node is not node:
        return
    tensor._array = value
    tensor._form = None
    WAITING.pop(id(tensor), None)
    if not node.requires_grad:
        tensor._stand_for(held(value))


def settle_readers(array: np.ndarray[Any, Any]) -> None:
    """Compute what waits and depends on memory that is about to be written to."""
    memory = root_of(array)
    for tensor in list(WAITING.values()):
        node = tensor._node
        if node.eager.__class__ is Pending and _reads(node, memory):
            settle([node])


def _reads(node: Node, memory: np.ndarray[Any, Any]) -> bool:
    for member in waiting([node]):
        for operand in member.inputs:
            known = operand.eager
            if known.__class__ is not Pending and not operand.weak and root_of(known.value) is memory:
                return True
    return False


# Backward


def is_plain(known: Record) -> bool:
    """Whether nobody but the rule has a say in what a node does with its cotangent."""
    if known.hooks or known.hooked or known.retained is not None:
        return False
    if known.function is not None or known.written is not None:
        return False
    shown = known.context
    return shown is None or (isinstance(shown, GradFn) and not shown._before and not shown._after)


class Way(Protocol):
    """What a chain needs to know of the backward that goes through it."""

    retain: bool
    accumulate: bool
    wanted: set[Node] | None
    useful: Container[Node]

    def check_saved(self, node: Node, reads: Reads) -> None: ...


Pairs = list[tuple[Node, Any]]  # nodes, and the cotangents that they receive


def pulled(way: Way, outputs: Sequence[Node], cotangents: Sequence[Node]) -> Pairs:
    """Go backward through the chains that end in outputs, and say which nodes receive what then.

    Raises RuntimeError where something was freed or has changed.
    """
    pairs: Pairs = list(zip(outputs, cotangents, strict=True))
    chain = [] if way.retain else _top(way, outputs)
    found = _through(way, chain, pairs) if chain else None
    if found is None:
        settle([node for node in outputs if node.eager.__class__ is Pending])
        return pairs
    return found


def _through(way: Way, chain: list[Node], pairs: Pairs) -> Pairs | None:
    inside = set(chain)
    structure, feeds = described(chain)
    for reads in structure.reads:
        way.check_saved(chain[reads.number], reads)
    numbers = {node: i for i, node in enumerate(chain)}
    starts: dict[Node, Any] = {}
    rest = []
    for node, cotangent in pairs:
        if node not in inside:
            rest.append((node, cotangent))
        elif node in starts:
            starts[node] = starts[node] + cotangent.eager.value
        else:
            starts[node] = cotangent.eager.value
    looked_at = [node for node in chain if node in starts or _is_owned(node)]
    found = structure.backward(
        [numbers[node] for node in starts],
        [numbers[node] for node in looked_at],
        [feed.eager.value for feed in feeds],
        list(starts.values()),
    )
    if found is None:
        return None
    values, received = found
    for node in chain:
        node.eager.freed = True
    for node, value in zip(looked_at, values, strict=True):
        finish(node, value)
    rest += [(feeds[i], g) for i, g in received]
    return rest


def _top(way: Way, outputs: Sequence[Node]) -> list[Node]:
    """The chain at the outputs' end of a backward, if it can be gone through as a whole."""
    chain = waiting(outputs)
    tracked = [node for node in chain if node.requires_grad]
    if not tracked or not all(is_plain(node.eager) for node in tracked):
        return []
    wanted = way.wanted
    if wanted is not None and (way.accumulate or any(n in wanted or n not in way.useful for n in tracked)):
        return []
    inside = set(chain)
    oldest = chain[0].index

    def behind(node: Node) -> bool:
        return node.requires_grad and node.index > oldest and node not in inside

    others = [operand for node in tracked for operand in node.inputs] + list(outputs)
    # What lies behind the chain must not lead into it again: it would receive more later.
    if any(not inside.isdisjoint(node.inputs) for node in ancestors(filter(behind, others), behind)):
        return []
    return chain


def _is_owned(node: Node) -> bool:
    owner = node.eager.owner
    return owner is not None and owner() is not None


__all__ = ["Later", "deferred", "is_waiting", "look", "mark_foreign", "pulled", "settle", "settle_readers"]
