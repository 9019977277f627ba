"""Straight-line programs: a small graph, assembled once into a list of kernel calls and run many times.

The calls are those that `storage.compute` would make, in the same order and with the same results to the bit; what
depends on shapes alone is worked out beforehand, broadcasts are left to NumPy where a ufunc comes next, and
zero-dimensional floating-point tensors are NumPy's scalars, whose arithmetic is several times faster.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from contextvars import copy_context
from typing import Any

import numpy as np

from autodiff.execute.schedule import lowered
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONSTANT, VARIABLE
from autodiff.tensor.precise import PRECISE
from autodiff.tensor.storage import value_of

_CONTEXT = copy_context()
_CONTEXT.run(np.seterr, all="ignore")
# Runs a function without floating-point warnings, at a tenth of what entering `np.errstate` costs. It raises
# RuntimeError where another thread is inside.
quietly = _CONTEXT.run

_SCALAR: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.true_divide: operator.truediv,
    np.negative: operator.neg,
}
_LARGEST_CONSTANT = 1024
_EXACT_INTEGERS = 2**11  # every floating-point type holds those below

Call = tuple[Callable[..., Any], int, int, Any, Any]  # kernel, operands (or -1), (operands, parameters), dtype


class NotStraightError(Exception):
    """The graph depends on values or on chance, and so has no program."""


class Program:
    """Calls over numbered slots: those of the inputs come first, then constants, then one for each call."""

    __slots__ = ("calls", "constants", "outputs", "scalars")

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.constants: list[Any] = []
        self.scalars: tuple[int, ...] = ()  # inputs that are wanted as NumPy's scalars
        self.outputs: tuple[int, ...] = ()

    def run(self, slots: list[Any]) -> list[Any]:
        """The values of all slots, for a list of those of the inputs, which is extended."""
        for i in self.scalars:
            slots[i] = slots[i][()]
        slots += self.constants
        for kernel, i, j, more, dtype in self.calls:
            if j >= 0:
                value = kernel(slots[i], slots[j])
            elif i >= 0:
                value = kernel(slots[i])
            else:
                value = kernel(*[slots[k] for k in more[0]], *more[1])
            if dtype is not None and (value.__class__ is not np.ndarray or value.dtype is not dtype):
                value = np.asarray(value, dtype)
            slots.append(value)
        return slots


def filled(x: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """A broadcast that costs less than NumPy's where there is one element."""
    return np.broadcast_to(x, shape) if x.ndim else np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))


class Assembler:
    """Makes a program of nodes, which are added operands first.

    While it does, slots of inputs are counted from zero, those of calls go on from there, and constants count down
    from -1.
    """

    def __init__(self, inputs: Sequence[Node]) -> None:
        self._inputs = inputs
        self._slots: dict[Node, int] = {}
        for i, node in enumerate(inputs):
            self._slots.setdefault(node, i)
        self._calls: list[tuple[Callable[..., Any], tuple[int, ...], tuple[Any, ...], Any]] = []
        self._constants: list[Any] = []
        self._numbers: dict[Node, Any] = {}
        self._shown: dict[Node, Node] = {}  # broadcasts: what they show
        self._arrays: dict[int, int] = {}  # slots of scalars: those of the same as arrays
        self._scalars: set[int] = set()

    def add(self, node: Node) -> None:
        """Work out how a node's value is computed; raises NotStraightError."""
        op = node.op
        if node in self._slots:
            return
        if op is VARIABLE or op.impure:
            raise NotStraightError
        if node.weak:
            if op is not CONSTANT and not op.reads_shape and not all(i in self._numbers for i in node.inputs):
                raise NotStraightError
            self._numbers[node] = value_of(node)
        elif op is CONSTANT or op.reads_shape:
            value = np.asarray(value_of(node), node.dtype.numpy)
            if value.size > _LARGEST_CONSTANT:
                raise NotStraightError
            self._slots[node] = self._constant(value)
        elif op is BROADCAST:
            self._shown[node] = self._shown.get(node.inputs[0], node.inputs[0])
        else:
            self._slots[node] = self._called(node)

    def alias(self, node: Node, other: Node) -> None:
        """Say that a node has the value of one that is known."""
        self._slots[node] = self._slots[other]

    def hidden(self, node: Node) -> bool:
        """Whether a node is a broadcast whose elements nobody has asked for."""
        return node in self._shown

    def finish(self, outputs: Sequence[Node], exact: bool = False) -> Program:
        """The program with these outputs, as arrays and not as scalars if that matters."""
        slots = [self._array(node, exact) for node in outputs]
        program = Program()
        count, more = len(self._inputs), len(self._constants)

        def place(slot: int) -> int:
            return count - 1 - slot if slot < 0 else slot if slot < count else slot + more

        for kernel, operands, params, dtype in self._calls:
            places = tuple([place(i) for i in operands])
            if params or not 1 <= len(places) <= 2:
                program.calls.append((kernel, -1, -1, (places, params), dtype))
            else:
                program.calls.append((kernel, places[0], places[1] if len(places) == 2 else -1, None, dtype))
        program.constants = self._constants
        program.outputs = tuple([place(i) for i in slots])
        program.scalars = tuple(self._scalars)
        return program

    def _constant(self, value: Any) -> int:
        self._constants.append(value)
        return -len(self._constants)

    def _call(self, kernel: Callable[..., Any], operands: tuple[int, ...], params: Any, dtype: Any) -> int:
        self._calls.append((kernel, operands, params, dtype))
        return len(self._inputs) + len(self._calls) - 1

    def _called(self, node: Node) -> int:
        op = node.op
        params = lowered(node)
        kernel: Any = op.kernel
        operands: list[Any] = list(node.inputs)  # nodes, or plain numbers
        special = op.specialize(*params) if op.specialize is not None else None
        if special is not None:
            kernel, order = special
            operands = [operands[i] if isinstance(i, int) else i[0] for i in order]
            params = ()
        elif not op.operands_first:
            kernel, params = _arranged(kernel, op, len(operands), params), ()
        dtype = node.dtype.numpy if node.results is None else None
        if not isinstance(kernel, np.ufunc) or params or node.results is not None:
            called = PRECISE.get(kernel, kernel)
            return self._call(called, tuple([self._operand(value) for value in operands]), params, dtype)
        return self._ufunc(kernel, node, operands)

    def _ufunc(self, kernel: Any, node: Node, operands: list[Any]) -> int:
        tensors = [value for value in operands if isinstance(value, Node) and not value.weak]
        alike = node.dtype.is_floating and all(value.dtype is node.dtype for value in tensors)
        shown = [self._shown.get(value, value) for value in tensors]
        elide = np.broadcast_shapes(*[value.shape for value in shown]) == node.shape  # type: ignore[arg-type]
        slots = []
        for value in operands:
            if not isinstance(value, Node) or value in self._numbers:
                number = self._numbers[value] if isinstance(value, Node) else value
                if alike and (number.__class__ is float or (number.__class__ is int and abs(number) < _EXACT_INTEGERS)):
                    number = _typed(number, node)
                slots.append(self._constant(number))
                continue
            if value.weak:
                slots.append(self._typed(value, node) if alike else self._slots[value])
                continue
            source = self._shown.get(value, value) if elide else value
            if alike and source.shape == () and source in self._slots:
                slots.append(self._scalar(source))
            else:
                slots.append(self._array(source))
        called = PRECISE.get(kernel, kernel)
        if alike and node.shape == ():
            return self._call(_SCALAR.get(kernel, called), tuple(slots), (), None)
        return self._call(called, tuple(slots), (), node.dtype.numpy)

    def _typed(self, number: Node, node: Node) -> int:
        """A plain number that is an input, as an element of a floating-point tensor."""
        return self._call(node.dtype.numpy.type, (self._slots[number],), (), None)

    def _scalar(self, node: Node) -> int:
        slot = self._slots[node]
        if 0 <= slot < len(self._inputs):
            self._scalars.add(slot)
        return slot

    def _operand(self, value: Any) -> int:
        if not isinstance(value, Node):
            return self._constant(value)
        if value in self._numbers:
            return self._constant(self._numbers[value])
        return self._array(value)

    def _array(self, node: Node, exact: bool = True) -> int:
        """The slot of a node's value, as an array if that matters."""
        if node in self._numbers:
            return self._constant(self._numbers[node])
        source = self._shown.get(node)
        if source is not None:
            self._slots[node] = self._call(filled, (self._array(source),), (node.shape,), None)
            del self._shown[node]
        slot = self._slots[node]
        if node.shape == () and node.results is None and not node.weak and exact and slot >= 0:
            found = self._arrays.get(slot)
            if found is None:
                found = self._arrays[slot] = self._call(np.asarray, (slot,), (), None)
            return found
        return slot


def _typed(number: Any, node: Node) -> Any:
    """A plain number as an element of a floating-point tensor, as NumPy would take it."""
    with np.errstate(all="ignore"):
        scalar = node.dtype.numpy.type(number)
    return scalar if node.shape == () else np.asarray(scalar)


def _arranged(kernel: Any, op: Any, count: int, params: Any) -> Callable[..., Any]:
    return lambda *arrays: kernel(*op.arrange(arrays, params))
