"""Carrying out a plan, node by node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.failures import overflow
from autodiff.execute.schedule import TO_A_FILE, Plan, Step, made_in_loops, schedule
from autodiff.execute.tiles import Loop
from autodiff.graph.node import Node

Watch = Callable[[float], None]


def run(
    plan: Plan,
    feeds: Mapping[str, np.ndarray],
    targets: Mapping[int, np.ndarray] | None = None,
    watch: Watch | None = None,
) -> list[np.ndarray]:
    """Values of the plan's outputs for variables given by name; raises what kernels raise, with its place.

    `targets` are arrays for outputs, by number: loops write straight into them, and what no loop makes is copied.
    `watch` is told now and then which part of the loops' work is done.
    """
    targets = targets or {}
    into = {slot: targets[number] for slot, number in made_in_loops(plan, targets).items()} if targets else {}
    progress = None if watch is None else _Progress(plan, watch)
    slots: list[Any] = [None] * plan.size
    for slot, value in plan.known:
        slots[slot] = value
    for slot, node in plan.feeds:
        slots[slot] = feeds[node.params[0]]
    with np.errstate(all="ignore"):
        for step in plan.steps:
            try:
                if step.outs is None:
                    result = step.kernel(*[slots[i] for i in step.inputs], *step.params)
                else:
                    result = _loop(step, [slots[i] for i in step.inputs], into, progress)
            except AutodiffError as error:
                error.span = error.span or step.node.span
                raise
            except OverflowError as error:
                raise overflow(step.node) from error
            except MemoryError as error:
                raise AutodiffError(
                    "limit-size",
                    "not enough memory for this result",
                    type="MemoryError",
                    span=step.node.span,
                    help=() if step.outs is None else TO_A_FILE,
                ) from error
            if step.outs is None:
                slots[step.out] = result
            else:
                for slot, part in zip(step.outs, result, strict=True):
                    slots[slot] = part
            result = None
            for i in step.free:
                slots[i] = None
    results = [np.asarray(slots[slot], dtype=dtype.numpy) for slot, dtype in plan.outputs]
    for number, target in targets.items():
        if not np.may_share_memory(results[number], target):
            target[...] = results[number]
            results[number] = target
    return results


def _loop(step: Step, arrays: list[Any], into: Mapping[int, np.ndarray], progress: _Progress | None) -> list[Any]:
    if not into and progress is None:
        return step.kernel(*arrays)  # type: ignore[no-any-return]
    assert step.outs is not None
    parts = step.kernel(*arrays, into=[into.get(slot) for slot in step.outs], watch=progress)
    if progress is not None:
        progress.done += prod(step.kernel.shape)  # type: ignore[attr-defined]
    return parts  # type: ignore[no-any-return]


class _Progress:
    """What loops call with the elements that they have done; passes on the part of all their elements."""

    __slots__ = ("all", "done", "watch")

    def __init__(self, plan: Plan, watch: Watch) -> None:
        self.watch = watch
        self.done = 0
        self.all = sum(prod(step.kernel.shape) for step in plan.steps if isinstance(step.kernel, Loop))

    def __call__(self, elements: int) -> None:
        self.watch((self.done + elements) / self.all)


def evaluate(
    outputs: Sequence[Node], feeds: Mapping[str, np.ndarray], limit_bytes: int | None = None
) -> list[np.ndarray]:
    """Schedule and run in one go."""
    return run(schedule(outputs, limit_bytes), feeds)
