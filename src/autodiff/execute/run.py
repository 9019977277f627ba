"""Carrying out a plan, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.failures import overflow
from autodiff.execute.schedule import Plan, schedule
from autodiff.graph.node import Node


def run(plan: Plan, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """Values of the plan's outputs for variables given by name; raises what kernels raise, with its place."""
    slots: list[Any] = [None] * plan.size
    for slot, value in plan.known:
        slots[slot] = value
    for slot, node in plan.feeds:
        slots[slot] = feeds[node.params[0]]
    with np.errstate(all="ignore"):
        for step in plan.steps:
            try:
                result = step.kernel(*[slots[i] for i in step.inputs], *step.params)
            except AutodiffError as error:
                error.span = error.span or step.node.span
                raise
            except OverflowError as error:
                raise overflow(step.node) from error
            except MemoryError as error:
                raise AutodiffError(
                    "limit-size", "not enough memory for this result", type="MemoryError", span=step.node.span
                ) from error
            if step.outs is None:
                slots[step.out] = result
            else:
                for slot, part in zip(step.outs, result, strict=True):
                    slots[slot] = part
            result = None
            for i in step.free:
                slots[i] = None
    return [np.asarray(slots[slot], dtype=dtype.numpy) for slot, dtype in plan.outputs]


def evaluate(
    outputs: Sequence[Node], feeds: Mapping[str, np.ndarray], limit_bytes: int | None = None
) -> list[np.ndarray]:
    """Schedule and run in one go."""
    return run(schedule(outputs, limit_bytes), feeds)
