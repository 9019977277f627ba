"""One plan for many rows: every variable has a leading axis of rows, and so has every result.

Kernels work on trailing axes, so most run on the stacked arrays as they are; the others run row by row.  What a row
comes to does not depend on the rows it is stacked with: nothing here folds rows into one matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.execute.schedule import Plan, Step
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONVERT, PICK

Kernel = Callable[..., Any]


class BatchPlan:
    """A plan whose feeds are stacked; `constant` outputs do not depend on them."""

    __slots__ = ("calls", "constant", "plan")

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        varying = {slot for slot, _ in plan.feeds}
        self.calls: list[tuple[Kernel, Step]] = []
        for step in plan.steps:
            varies = [i in varying for i in step.inputs]
            if any(varies):
                varying.add(step.out)
                self.calls.append((_over_rows(step, varies), step))
            else:
                self.calls.append((step.kernel, step))
        self.constant = [slot not in varying for slot, _ in plan.outputs]

    def run(self, feeds: Mapping[str, np.ndarray], rows: int) -> list[np.ndarray]:
        """Outputs with a leading axis of `rows`; raises whatever a kernel raises for any of them."""
        plan = self.plan
        slots: list[Any] = [None] * plan.size
        for slot, value in plan.known:
            slots[slot] = value
        for slot, node in plan.feeds:
            slots[slot] = feeds[node.params[0]]
        with np.errstate(all="ignore"):
            for kernel, step in self.calls:
                slots[step.out] = kernel(*[slots[i] for i in step.inputs], *step.params)
                for i in step.free:
                    slots[i] = None
        results = []
        for (slot, dtype), constant in zip(plan.outputs, self.constant, strict=True):
            value = np.asarray(slots[slot], dtype.numpy)
            results.append(np.broadcast_to(value, (rows, *value.shape)) if constant else value)
        return results


def batch(plan: Plan) -> BatchPlan | None:
    """The plan for stacked rows; None for large tensors and where plain numbers depend on data."""
    if any(step.outs is not None or step.node.weak for step in plan.steps):
        return None
    return BatchPlan(plan)


def _over_rows(step: Step, varies: Sequence[bool]) -> Kernel:
    """The kernel of a step for stacked operands, those that vary."""
    node = step.node
    if isinstance(node.op, Elementwise) or node.op in (CONVERT, PICK) or _carries(node):
        return step.kernel  # operands of elementwise steps all have the shape of the result
    if step.kernel is np.matmul and all(x.rank == 2 for x in node.inputs):
        return step.kernel
    if node.op is BROADCAST:
        return _broadcast(node)
    return _row_by_row(step, varies)


def _carries(node: Node) -> bool:
    """Whether the kernel takes a leading axis along: it says so, and no dim stands for one a scalar lacks."""
    op = node.op
    if not op.batches or len(node.inputs) != 1:
        return False
    kinds = [kind for _, kind in op.param_kinds]
    return "sizes" not in kinds and (node.inputs[0].rank > 0 or not {"dim", "newdim"}.intersection(kinds))


def _broadcast(node: Node) -> Kernel:
    inner = node.inputs[0].shape
    ones = (1,) * (len(node.shape) - len(inner))
    shape: Any = node.shape

    def kernel(x: np.ndarray, _: Any) -> np.ndarray:
        rows = len(x)
        return np.broadcast_to(x.reshape(rows, *ones, *inner), (rows, *shape))

    return kernel


def _row_by_row(step: Step, varies: Sequence[bool]) -> Kernel:
    """The kernel called for each row, its results stacked."""
    count, kernel = len(varies), step.kernel

    def call(*args: Any) -> Any:
        operands, params = args[:count], args[count:]
        rows = next(len(x) for x, v in zip(operands, varies, strict=True) if v)
        results = [
            kernel(*[x[r] if v else x for x, v in zip(operands, varies, strict=True)], *params) for r in range(rows)
        ]
        if step.node.results is not None:
            return tuple(np.stack(column) for column in zip(*results, strict=True))
        return np.stack([np.asarray(result) for result in results])

    return call
