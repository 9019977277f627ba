"""Calls remembered: what an operation made of tensors of certain forms, to be made again without asking.

The first call of a function with tensors of some forms goes the general way (`calling`).  What it made is recorded as a
recipe (`recording`): which nodes, with which operands, and the program of their values.  Later calls with the same
forms and other arguments allocate these nodes, run the program, and are done.  What depends on values has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.graph.dtypes import DType, int64
from autodiff.graph.node import Node, Results, _next_index, _place
from autodiff.graph.primitive import CONSTANT, PICK
from autodiff.tensor import modes
from autodiff.tensor.small import Named, Size
from autodiff.tensor.storage import Counter, Record, held
from autodiff.tensor.straight import Program, quietly
from autodiff.tensor.tensor import Form, Tensor, form_of, new, view_of
from autodiff.tensor.views import Path

_new = object.__new__
LIMIT = 4096  # kept recipes, and plain numbers

RECIPES: dict[Any, Recipe | None] = {}  # None: there is none for such calls
_numbers: dict[Any, Node] = {}


class Step:
    """A node to be made: `inputs` are numbers of earlier nodes, those of the operands first.

    `seen` has, for each input, the number of the operand in whose memory it is, or -1; `slot` is that of its value in
    the program's outputs, or -1; `shared` is a plain number that all calls have in common.
    """

    __slots__ = ("dtype", "inputs", "op", "params", "pullback", "results", "seen", "shape", "shared", "slot", "tracked")

    def __init__(self, node: Node, inputs: tuple[int, ...], seen: tuple[int, ...], slot: int) -> None:
        self.op = node.op
        self.inputs = inputs
        self.params = node.params
        self.shape = node.shape
        self.dtype = node.dtype
        self.tracked = node.requires_grad
        self.results = node.results
        self.seen = seen
        self.slot = slot
        self.shared = node if node.weak else None
        self.pullback: Any = None  # for all operands that want a gradient


class End:
    """A result: a new tensor, a view of an operand's memory (`source`, `path`) or of something new (`root`: slot and
    node), or an operand as it is (`same`)."""

    __slots__ = ("contiguous", "form", "fresh", "number", "path", "root", "same", "slot", "source")

    def __init__(self) -> None:
        self.number = -1  # of the node, -1 where no history is kept
        self.slot = -1
        self.form: Form | None = None
        self.contiguous = False  # whether the value must be made contiguous
        self.fresh = True  # whether the value is certainly nobody else's
        self.same = -1
        self.source = -1
        self.path: Path = ()
        self.root: tuple[int, int] | None = None


class Recipe:
    """How a function's results are made of operands of certain forms."""

    __slots__ = ("ends", "many", "program", "steps")

    def __init__(self, program: Program, steps: list[Step], ends: list[End], many: Results | None) -> None:
        self.program = program
        self.steps = steps
        self.ends = ends
        self.many = None if many is None else (many.fields, many.function)

    def run(self, operands: Sequence[Any]) -> Any:
        """The results, for tensors (and plain numbers as nodes)."""
        slots = quietly(self.program.run, [t._array if t.__class__ is not Node else t.eager.value for t in operands])
        values = [slots[i] for i in self.program.outputs]
        nodes = _nodes(self.steps, operands, values) if self.steps else []
        ends = self.ends
        if self.many is None:
            tensor = _ended(ends[0], operands, values, nodes)
            node = nodes[ends[0].number] if ends[0].number >= 0 else None
            if node is not None and node.op is PICK and node.inputs[0].eager is not None:
                node.inputs[0].eager.parts = {node.params[0]: tensor._counter}
            return tensor
        named = Named(_ended(end, operands, values, nodes) for end in ends)
        for end in ends:
            node = nodes[end.number] if end.number >= 0 else None
            if node is not None and node.op is PICK and node.inputs[0].eager is not None:
                node.inputs[0].eager.parts = {i: t._counter for i, t in enumerate(named)}
                break
        named.fields, named.function = self.many
        return named


class Single(Recipe):
    """One elementwise operation on one operand or two, with a new result: most of what programs do, and so unrolled."""

    __slots__ = ("dtype", "first", "form", "kernel", "last", "scalar", "step")

    def __init__(self, recipe: Recipe, kernel: Any, first: int, scalar: bool, dtype: Any) -> None:
        super().__init__(recipe.program, recipe.steps, recipe.ends, None)
        self.kernel = kernel
        self.first = first  # which operand is the kernel's first
        self.scalar = scalar
        self.step: Any = recipe.steps[0] if recipe.steps else None
        self.form = recipe.ends[0].form
        self.dtype = dtype
        self.last: Any = (None, None)  # the latest plain number, and as an element of the dtype

    def run(self, operands: Sequence[Any]) -> Any:
        for t in operands:
            if t.__class__ is not Node and t._base is not None:
                return super().run(operands)
        return self.of_one(operands[0]) if len(operands) == 1 else self.of_two(*operands)

    def of_one(self, a: Any) -> Tensor:
        """The result for a tensor that is no view."""
        x = a._array
        value = np.array(quietly(self.kernel, x[()])) if self.scalar else quietly(self.kernel, x)
        step = self.step
        if step is None:
            return self._made(value, None, None)
        return self._made(value, (a._node,), [a._counter.version])

    def of_two(self, a: Any, b: Any) -> Tensor:
        """The result for two tensors that are no views, or one and a plain number."""
        x = a._array
        if b.__class__ is Node:
            last = self.last  # another thread may put its own there at any time
            if b is not last[0]:
                last = self.last = (b, _element(self.dtype, b.params[0], self.scalar))
            y, other, version = last[1], b, 0
        else:
            y, other, version = b._array, b._node, b._counter.version
        if self.scalar:
            x, y = x[()], y[()]
            value = np.array(quietly(self.kernel, x, y) if self.first == 0 else quietly(self.kernel, y, x))
        else:
            value = quietly(self.kernel, x, y) if self.first == 0 else quietly(self.kernel, y, x)
        step = self.step
        if step is None:
            return self._made(value, None, None)
        if step.inputs[0] == 0:
            return self._made(value, (a._node, other), [a._counter.version, version])
        return self._made(value, (other, a._node), [version, a._counter.version])

    def _made(self, value: Any, inputs: Any, seen: Any) -> Tensor:
        step = self.step
        counter = _new(Counter)
        counter.version = 0
        known = _new(Record)
        known.value = value
        known.counter = counter
        known.seen = seen
        known.owner = None
        known.freed = False
        known.step = step
        node = _new(Node)
        if step is None:
            node.op = CONSTANT
            node.inputs = ()
            node.params = (value,)
            node.shape = value.shape
            node.dtype = self.dtype
            node.requires_grad = False
            if not value.flags.c_contiguous:
                size = value.itemsize
                node._strides = tuple([step // size for step in value.strides])
            else:
                node._strides = None
        else:
            node.op = step.op
            node.inputs = inputs
            node.params = step.params
            node.shape = step.shape
            node.dtype = step.dtype
            node.requires_grad = True
            node._strides = None
        node.weak = False
        node.results = None
        node.span = _place[-1]
        node.index = _next_index()
        node.eager = known
        tensor = _new(Tensor)
        tensor._array = value
        tensor._node = node
        tensor._counter = counter
        tensor._form = self.form
        tensor._base = None
        tensor._grad = None
        tensor._seen = 0
        return tensor


def _element(dtype: DType, number: Any, scalar: bool) -> Any:
    found = quietly(dtype.numpy.type, number)
    return found if scalar else np.asarray(found)


def _nodes(steps: list[Step], operands: Sequence[Any], values: list[Any]) -> list[Node]:
    """The nodes of a recipe, those of the operands first."""
    nodes: list[Node] = [t if t.__class__ is Node else t._current for t in operands]
    for step in steps:
        if step.shared is not None:
            nodes.append(step.shared)
            continue
        inputs = tuple([nodes[i] for i in step.inputs])
        node = Node(step.op, inputs, step.params, step.shape, step.dtype, step.tracked, False, step.results)
        if step.slot >= 0:
            known = node.eager = Record(values[step.slot])
            known.step = step
            if step.tracked:
                known.seen = [_version(operands[i]) if i >= 0 else 0 for i in step.seen]
        nodes.append(node)
    return nodes


def _version(operand: Any) -> int:
    return 0 if operand.__class__ is Node else operand._counter.version


def _ended(end: End, operands: Sequence[Any], values: list[Any], nodes: list[Node]) -> Any:
    if end.same >= 0:
        return operands[end.same]
    value = values[end.slot]
    if value.__class__ is not np.ndarray:
        value = np.asarray(value)
    node = None if end.number < 0 else nodes[end.number]
    if end.source >= 0:
        return view_of(node, value, operands[end.source], end.path)
    if end.root is not None:
        slot, number = end.root
        memory = values[slot]
        if value.size == memory.size == 1:
            memory = np.array(memory)
            value = memory.reshape(value.shape)
        base = new(memory, nodes[number] if number >= 0 else held(memory), Counter())
        return view_of(node, value, base, end.path)
    if end.contiguous and not value.flags.c_contiguous:
        value = np.ascontiguousarray(value)
    if not end.fresh and (
        not value.flags.writeable
        or (value.base is not None and getattr(value.base, "size", value.size) != value.size)
        or any(t.__class__ is not Node and np.may_share_memory(value, t._array) for t in operands)
    ):
        value = np.array(value)
    if node is None:
        node = held(value)
    tensor = new(value, node, Counter())
    tensor._form = end.form
    return tensor


# Which call it is


def plain_number(value: Any) -> Node:
    """A plain number as an operand, the same node each time."""
    key = (value.__class__, modes.get_default_dtype(), value)
    node = _numbers.get(key) if value else None
    if node is None:
        dtype = int64 if value.__class__ is int else modes.get_default_dtype()
        node = Node(CONSTANT, (), (value,), (), dtype, False, True)
        node.eager = Record(value)
        if len(_numbers) >= LIMIT:
            _numbers.clear()
        if value:  # zeros differ by their sign
            _numbers[key] = node
    return node


def described(function: Any, args: Any, kwargs: Any) -> tuple[Any, list[Any]] | None:
    """What a call has to have in common with an earlier one, and its tensors; None where it cannot be said."""
    key: list[Any] = [function, modes._grad.on, modes._dtype[0]]
    operands: list[Any] = []
    for value in args:
        if not _describe(value, key, operands):
            return None
    for name, value in kwargs.items():
        key.append(name)
        if not _describe(value, key, operands):
            return None
    return tuple(key), operands


def _describe(value: Any, key: list[Any], operands: list[Any]) -> bool:
    kind = value.__class__
    if isinstance(value, Tensor):
        for i, other in enumerate(operands):
            if other is value:
                key.append(i)
                return True
        operands.append(value)
        key.append(form_of(value))
    elif kind is Node:
        operands.append(value)
        key.append(value.params[0].__class__)
    elif kind is int or kind is bool or kind is str:
        key += (kind, value)
    elif kind is float:
        key += (kind, repr(value))
    elif value is None or kind is DType:
        key.append(value)
    elif kind is slice:
        key.append(slice)
        return all(_describe(part, key, operands) for part in (value.start, value.stop, value.step))
    elif kind is list or kind is tuple or kind is Size:
        if len(value) > 32:
            return False
        key += (kind is list, len(value))
        return all(_describe(part, key, operands) for part in value)
    elif value is Ellipsis:
        key.append(value)
    else:
        return False
    return True
