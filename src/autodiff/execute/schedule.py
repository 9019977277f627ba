"""Ordering the nodes of a graph into steps: shared, folded, and freed at their last use.

Only rewrites that keep NaN, infinities and signed zeros happen here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.tiles import fuse, is_large
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node
from autodiff.graph.op import CONSTANT, VARIABLE, Primitive
from autodiff.graph.sizes import concrete
from autodiff.graph.values import real


class Step:
    """One kernel call: the result goes to slot `out`, the slots in `free` are not needed afterwards.

    A fused step has several results, for the slots in `outs`.
    """

    __slots__ = ("free", "inputs", "kernel", "node", "out", "outs", "params")

    def __init__(self, kernel: Callable[..., Any], inputs: tuple[int, ...], params: tuple[Any, ...], out: int, node: Node) -> None:
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

    __slots__ = ("feeds", "known", "outputs", "size", "steps")

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.known: list[tuple[int, Any]] = []
        self.feeds: list[tuple[int, Node]] = []
        self.outputs: list[tuple[int, DType]] = []
        self.size = 0


def schedule(outputs: Sequence[Node], limit_bytes: int | None = None) -> Plan:
    """A plan for all outputs together; raises `limit-size` when a result would be larger than `limit_bytes`."""
    plan = Plan()
    slots: dict[Node, int] = {}
    shared: dict[Any, int] = {}
    numbers: dict[int, Any] = {}  # slots whose value is a plain number known now
    for node in _needed(outputs):
        key = _identity(node, slots)
        if key is not None and key in shared:
            slots[node] = shared[key]
            continue
        slot = slots[node] = plan.size
        plan.size += 1
        if key is not None:
            shared[key] = slot
        if node.op is VARIABLE:
            plan.feeds.append((slot, node))
        elif node.op is CONSTANT:
            value = _plain(node.params[0])
            plan.known.append((slot, value))
            if node.weak:
                numbers[slot] = value
        else:
            _add(plan, node, slot, slots, numbers, limit_bytes)
    plan.outputs = [(slots[node], node.dtype) for node in outputs]
    if any(is_large(step.node) for step in plan.steps):
        plan.steps = fuse(plan.steps, {slot for slot, _ in plan.outputs}, fused_step)
    _free_at_last_use(plan)
    return plan


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


def _identity(node: Node, slots: dict[Node, int]) -> Any:
    """What makes two nodes compute the same, None where sharing is not possible."""
    op = node.op
    if op is VARIABLE or op.impure:
        return None
    if op is CONSTANT:
        value = node.params[0]
        return None if isinstance(value, np.ndarray) else (op, type(value), value, str(value), node.dtype)
    try:
        if op.reads_shape:
            key = (op, node.inputs[0].shape, node.params)
        else:
            key = (op, tuple([slots[i] for i in node.inputs]), node.params, node.dtype)  # type: ignore[assignment]
        hash(key)
    except TypeError:
        return None
    return key


def _plain(value: Any) -> Any:
    return real(value) if isinstance(value, Fraction) else value


def _add(
    plan: Plan, node: Node, slot: int, slots: dict[Node, int], numbers: dict[int, Any], limit_bytes: int | None
) -> None:
    op = node.op
    if op.reads_shape:
        value = op.kernel(concrete(node.inputs[0].shape), *node.params)
        plan.known.append((slot, value))
        numbers[slot] = value
        return
    inputs = tuple([slots[i] for i in node.inputs])
    params = lowered(node)
    kernel = op.kernel if op.operands_first else _arranged(op)
    if op.specialize is not None:
        special = op.specialize(*params)
        if special is not None:
            kernel, params = special, ()
    if node.weak:
        if all(i in numbers for i in inputs):
            with np.errstate(all="ignore"):
                value = as_number(kernel(*[numbers[i] for i in inputs], *params))
            plan.known.append((slot, value))
            numbers[slot] = value
            return
        kernel = _numeric(kernel)
    elif limit_bytes is not None and op.layout == "contiguous":
        check_size(node, limit_bytes)
    plan.steps.append(Step(kernel, inputs, params, slot, node))


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


def check_size(node: Node, limit_bytes: int) -> None:
    total = node.dtype.size
    for dim in concrete(node.shape):
        total *= dim
    if total > limit_bytes:
        raise AutodiffError(
            "limit-size",
            f"this would take {total / 2**30:.1f} GiB, more than the limit of {limit_bytes / 2**30:.1f} GiB",
            type="MemoryError",
            span=node.span,
            help="--limit-size raises the limit",
        )


def _free_at_last_use(plan: Plan) -> None:
    kept = {slot for slot, _ in plan.outputs}
    for step in reversed(plan.steps):
        free = {slot for slot in (*step.inputs, *(step.outs or ())) if slot not in kept}
        kept |= free
        step.free = tuple(free)
