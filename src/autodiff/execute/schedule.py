"""Ordering the nodes of a graph into steps: shared, folded, and freed at their last use.

Only rewrites that keep NaN, infinities and signed zeros happen here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.fusion import fuse
from autodiff.execute.rewrite import decompose
from autodiff.execute.tiles import Loop, is_large
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONSTANT, CONVERT, VARIABLE, Primitive
from autodiff.graph.sizes import concrete, show
from autodiff.graph.values import real


class Step:
    """One kernel call: the result goes to slot `out`, the slots in `free` are not needed afterwards.

    A fused step has several results, for the slots in `outs`.
    """

    __slots__ = ("free", "inputs", "kernel", "node", "out", "outs", "params")

    def __init__(
        self, kernel: Callable[..., Any], inputs: tuple[int, ...], params: tuple[Any, ...], out: int, node: Node
    ) -> None:
        self.kernel = kernel
        self.inputs = inputs
        self.params = params
        self.out = out
        self.node = node
        self.outs: tuple[int, ...] | None = None
        self.free: tuple[int, ...] = ()


def fused_step(kernel: Callable[..., Any], inputs: tuple[int, ...], outs: Sequence[int], node: Node) -> Step:
    """A step with several results."""
    step = Step(kernel, inputs, (), -1, node)
    step.outs = tuple(outs)
    return step


class Plan:
    """Steps over numbered slots. `known` are the slots of constants, `feeds` those of variables."""

    __slots__ = ("feeds", "known", "outputs", "shapes", "size", "steps")

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.known: list[tuple[int, Any]] = []
        self.feeds: list[tuple[int, Node]] = []
        self.outputs: list[tuple[int, DType]] = []
        self.shapes: list[tuple[int, ...]] = []  # of the outputs
        self.size = 0


def schedule(outputs: Sequence[Node], limit_bytes: int | None = None, elsewhere: Iterable[int] = ()) -> Plan:
    """A plan for all outputs together; raises `limit-size` when a result would be larger than `limit_bytes`.

    Outputs that live `elsewhere` (those with these numbers, which `run` will be given targets for) and what loops
    never keep as a whole do not count.
    """
    nodes = _needed(outputs)
    finer = decompose(outputs, nodes)
    if finer is not outputs:
        outputs, nodes = finer, _needed(finer)
    scheduler = _Scheduler(limit_bytes)
    for node in nodes:
        scheduler.add(node)
    plan, slots = scheduler.plan, scheduler.slots
    plan.outputs = [(slots[node], node.dtype) for node in outputs]
    plan.shapes = [concrete(node.shape) for node in outputs]
    elsewhere = frozenset(elsewhere)
    for number, node in enumerate(outputs if limit_bytes is not None else ()):
        if node.op.view and number not in elsewhere and (error := over_limit(node, limit_bytes or 0)) is not None:
            raise error
    if any(is_large(step.node) for step in plan.steps):
        plan.steps = fuse(plan, fused_step)
    if scheduler.oversized:
        _refuse_oversized(plan, scheduler.oversized, elsewhere, scheduler.limit_bytes or 0)
    _free_at_last_use(plan)
    return plan


TO_A_FILE = "what is saved to a file needs no memory: --save x.grad=FILE.npy"

# How many times the limit (or a GiB) an operation goes through, if it need not be in memory: a minute or so by default.
PASSED = 16

# Operations whose result has the elements of its operand in the same order.
_KEEP_ORDER = ("view", "reshape", "squeeze", "unsqueeze")


def made_in_loops(plan: Plan, numbers: Iterable[int]) -> dict[int, int]:
    """For those of these outputs that a loop can write where they belong: the slot it fills, with the output's number.

    The output may be the loop's result in another shape.
    """
    views = {s.out: s.inputs[0] for s in plan.steps if s.outs is None and s.node.op.name in _KEEP_ORDER}
    made = {slot for step in plan.steps for slot in step.outs or ()}
    result: dict[int, int] = {}
    for number in numbers:
        slot = plan.outputs[number][0]
        while slot in views:
            slot = views[slot]
        if slot in made:
            result[slot] = number
    return result


def _refuse_oversized(
    plan: Plan, oversized: dict[int, AutodiffError], elsewhere: Iterable[int], limit_bytes: int
) -> None:
    """Raise the error of a slot that is kept in memory as a whole, or of a row that a loop works on."""
    outside = made_in_loops(plan, elsewhere)
    for step in plan.steps:
        if isinstance(step.kernel, Loop) and step.kernel.by_rows:
            for call in step.kernel.program:
                error = over_limit(call.node, limit_bytes * step.kernel.shape[0])
                if error is not None:
                    raise over_limit(call.node, limit_bytes) or error
        for slot in (step.out,) if step.outs is None else step.outs:
            if slot in oversized and slot not in outside:
                error = oversized[slot]
                if step.outs is not None and any(slot == output for output, _ in plan.outputs):
                    error.help.append(TO_A_FILE)
                raise error


def _needed(outputs: Sequence[Node]) -> list[Node]:
    """Ancestors in topological order, not looking behind operations that read a shape alone."""
    seen = set(outputs)
    stack = list(seen)
    while stack:
        node = stack.pop()
        if not node.op.reads_shape:
            for operand in node.inputs:
                if operand not in seen:
                    seen.add(operand)
                    stack.append(operand)
    return sorted(seen, key=lambda node: node.index)


class _Scheduler:
    """A plan in the making: which slot each node's value is in, and what is known of slots."""

    __slots__ = ("limit_bytes", "numbers", "ones", "oversized", "plan", "shared", "slots")

    def __init__(self, limit_bytes: int | None) -> None:
        self.plan = Plan()
        self.limit_bytes = limit_bytes
        self.slots: dict[Node, int] = {}
        self.shared: dict[Any, int] = {}
        self.numbers: dict[int, Any] = {}  # slots of plain numbers, known now
        self.ones: set[int] = set()  # slots whose every element is one
        self.oversized: dict[int, AutodiffError] = {}  # slots of results over the limit, if they are kept

    def add(self, node: Node) -> None:
        key = self._identity(node)
        slot = self.shared.get(key) if key is not None else None
        if slot is None:
            slot = self._place(node)
            if key is not None:
                self.shared[key] = slot
        self.slots[node] = slot

    def _identity(self, node: Node) -> Any:
        """What makes two nodes compute the same, None where sharing is not possible."""
        op = node.op
        if op is VARIABLE or op.impure:
            return None
        if op is CONSTANT:
            value = node.params[0]
            return None if isinstance(value, np.ndarray) else (op, type(value), value, str(value), node.dtype)
        slots = self.slots
        operands: Any = node.inputs[0].shape if op.reads_shape else tuple([slots[i] for i in node.inputs])
        try:
            # As text, zeros differ by their sign.
            params = tuple([str(p) if p.__class__ is float else p for p in node.params])
            key = (op, operands, params, node.dtype)
            hash(key)
        except TypeError:
            return None
        return key

    def _place(self, node: Node) -> int:
        op = node.op
        if op is VARIABLE:
            slot = self._slot()
            self.plan.feeds.append((slot, node))
            return slot
        if op is CONSTANT:
            value = _plain(node.params[0])
            return self._number(value) if node.weak else self._known(value)
        if op.reads_shape:
            return self._number(op.kernel(concrete(node.inputs[0].shape), *node.params))
        return self._step(node)

    def _slot(self) -> int:
        self.plan.size += 1
        return self.plan.size - 1

    def _known(self, value: Any) -> int:
        slot = self._slot()
        self.plan.known.append((slot, value))
        return slot

    def _number(self, value: Any) -> int:
        slot = self._known(value)
        self.numbers[slot] = value
        if value == 1:
            self.ones.add(slot)
        return slot

    def _step(self, node: Node) -> int:
        op = node.op
        inputs = tuple([self.slots[i] for i in node.inputs])
        params = lowered(node)
        same = self._factor(node, inputs)
        if same is not None:
            return same
        kernel = op.kernel if op.operands_first else _arranged(op)
        special = op.specialize(*params) if op.specialize is not None else None
        if special is not None:
            kernel, order = special
            inputs = tuple([inputs[i] if isinstance(i, int) else self._known(i[0]) for i in order])
            params = ()
        if node.weak:
            if all(i in self.numbers for i in inputs):
                with np.errstate(all="ignore"):
                    return self._number(as_number(kernel(*[self.numbers[i] for i in inputs], *params)))
            kernel = _numeric(kernel)
        slot = self._slot()
        if self.limit_bytes is not None and not node.weak and not op.view and op is not BROADCAST:
            error = over_limit(node, self.limit_bytes)
            if error is not None:
                self.oversized[slot] = error
            if not op.reads_shape:
                _refuse_endless(node, self.limit_bytes)
        if (op.name == "full" and node.params[0] == 1) or (op in (BROADCAST, CONVERT) and inputs[0] in self.ones):
            self.ones.add(slot)
        self.plan.steps.append(Step(kernel, inputs, params, slot, node))
        return slot

    def _factor(self, node: Node, inputs: tuple[int, ...]) -> int | None:
        """The factor that a product is equal to when the other is one, element for element and bit for bit."""
        if node.op.name != "mul" or node.weak or self.ones.isdisjoint(inputs):
            return None
        for one, other in ((0, 1), (1, 0)):
            factor = node.inputs[other]
            if (
                inputs[one] in self.ones
                and not factor.weak
                and factor.dtype is node.dtype
                and factor.shape == node.shape
            ):
                return inputs[other]
        return None


def _plain(value: Any) -> Any:
    return real(value) if isinstance(value, Fraction) else value


def as_number(value: Any) -> Any:
    """A plain number of what a kernel returned: NumPy's scalars would promote as tensors do."""
    return value.item() if isinstance(value, (np.generic, np.ndarray)) else value


def _numeric(kernel: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args: as_number(kernel(*args))


def _arranged(op: Primitive) -> Callable[..., Any]:
    """The kernel of an operation whose operands are optional, lists, or not in front."""

    def call(*flat: Any) -> Any:
        count = len(flat) - op.param_count
        return op.kernel(*op.arrange(flat[:count], flat[count:]))

    return call


def lowered(node: Node) -> tuple[Any, ...]:
    """Parameters as kernels want them: dims counted from the back, so that leading axes may carry a batch."""
    op = node.op
    kinds = op.param_kinds
    if not kinds:
        return node.params
    rank = len(node.inputs[0].shape) if node.inputs else 0
    result = list(node.params)
    for i, kind in kinds:
        value = result[i]
        if kind == "dims":
            result[i] = tuple(range(-rank, 0)) if value is None else tuple(d - rank for d in value) if rank else ()
        elif kind == "Number":
            result[i] = _plain(value)
        elif value is None:
            continue
        elif kind == "dim":
            result[i] = value - max(rank, 1)
        elif kind == "newdim":
            result[i] = value - (rank + 1)
        else:
            result[i] = concrete(value)
    return tuple(result)


def over_limit(node: Node, limit_bytes: int) -> AutodiffError | None:
    """The error for a result that would take more than `limit_bytes`."""
    total = spread = node.dtype.size
    for dim in node.shape if node.results is None else ():
        total *= dim  # type: ignore[assignment]
        spread *= dim or 1  # type: ignore[assignment]
    if total <= limit_bytes:
        if spread < 2**63:
            return None
        message = f"Storage size calculation overflowed with sizes={show(node.shape)}"
        return AutodiffError("limit-size", message, span=node.span)
    return AutodiffError(
        "limit-size",
        f"this would take {_spoken(total)}, more than the limit of {_spoken(limit_bytes)}",
        type="MemoryError",
        span=node.span,
        help="--limit-size raises the limit",
    )


def _refuse_endless(node: Node, limit_bytes: int) -> None:
    """Raise for what takes no memory, such as an expanded tensor, and takes for ever to go through."""
    for part in (node, *node.inputs):
        if part.op is not VARIABLE and over_limit(part, PASSED * max(limit_bytes, 1 << 30)) is not None:
            error = over_limit(part, limit_bytes)
            assert error is not None
            error.span = node.span
            raise error


def _spoken(size: int) -> str:
    """A number of bytes for people, in GiB unless it is far less or beyond all numbers."""
    if size >= 1 << 80:
        return f"2^{size.bit_length() - 1} bytes"
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if 10 * size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def _free_at_last_use(plan: Plan) -> None:
    kept = {slot for slot, _ in plan.outputs}
    for step in reversed(plan.steps):
        free = {slot for slot in (*step.inputs, *(step.outs or ())) if slot not in kept}
        kept |= free
        step.free = tuple(free)
