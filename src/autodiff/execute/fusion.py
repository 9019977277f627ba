"""Fusion: the large elementwise chains of a plan, and the reductions that end them, put in loops.

What needs the result of such a reduction (a variance, a softmax over everything) runs in a later loop over the same
tiles, which computes cheap intermediates again rather than keep them.

    steps ──stages──▶ [steps, loops] ──compile──▶ Loop, called like any kernel
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.execute.tiles import Call, Loop, is_large, is_rowwise, writes
from autodiff.graph.elementwise import Elementwise
from autodiff.graph.node import Node
from autodiff.graph.primitive import BROADCAST, CONVERT
from autodiff.graph.sizes import Shape

if TYPE_CHECKING:
    from autodiff.execute.schedule import Plan, Step

# Several times slower against a single number than against a tile of it.
PREFER_TILES = (np.maximum, np.minimum, np.fmax, np.fmin)


def _is_member(node: Node) -> bool:
    """Steps that run on tiles: elementwise over a large shape."""
    op = node.op
    return (isinstance(op, Elementwise) or op is CONVERT or op is BROADCAST) and not node.weak and is_large(node)


def _is_fold(node: Node) -> bool:
    """A reduction of everything, over a large operand."""
    if node.op.fold is None or not is_large(node.inputs[0]):
        return False
    shape, kept = node.inputs[0].shape, node.shape
    return all(dim == 1 for dim in kept) and any(dim != 1 for dim in shape)


def _is_tiled(node: Node) -> bool:
    return _is_fold(node) or _is_member(node) or is_rowwise(node)


def _loop_shape(node: Node) -> Shape:
    return node.inputs[0].shape if _is_fold(node) or is_rowwise(node) else node.shape


def _shares_tiles(earlier: Node, shape: Shape) -> bool:
    """Whether a loop over `shape` can read a member tile by tile, or make it again, instead of its whole result.

    The whole is needed of a reduction, of what lives on other tiles, and of row results that have lost a dim: their
    rows lie along another axis of the loop.
    """
    return not _is_fold(earlier) and _loop_shape(earlier) == shape and earlier.rank == len(shape)


def fuse(plan: Plan, make_step: Callable[..., Step]) -> list[Step]:
    """The steps of the same computation with its large elementwise chains in loops, in an order that works."""
    stages, members = _stages(plan.steps)
    if not members:
        return plan.steps
    fusion = _Fusion(plan, stages, members, make_step)
    by_stage: list[list[Step]] = [[] for _ in range(max(stages.values()) + 1)]
    for step in plan.steps:
        by_stage[stages[step.out]].append(step)
    result: list[Step] = []
    for stage in by_stage:
        result += [step for step in stage if step.out not in members]
        loops: dict[Shape, list[Step]] = {}
        for step in stage:
            if step.out in members and (step.out in fusion.kept or _is_fold(step.node)):
                loops.setdefault(_loop_shape(step.node), []).append(step)
        result += [fusion.loop(shape, roots) for shape, roots in loops.items()]
    return result


def _stages(steps: Sequence[Step]) -> tuple[dict[int, int], dict[int, Step]]:
    """For each step the round it runs in, and those that run on tiles, by slot.

    In round s the ordinary steps run first, then the loops; what a loop makes is there from round s + 1 on, except for
    members of the same loop.
    """
    stage: dict[int, int] = {}
    members: dict[int, Step] = {}
    for step in steps:
        tiled = _is_tiled(step.node)
        shape = _loop_shape(step.node)
        when = 0
        for i in step.inputs:
            waits = i in members and not (tiled and _shares_tiles(members[i].node, shape))
            when = max(when, stage.get(i, 0) + waits)
        stage[step.out] = when
        if tiled:
            members[step.out] = step
    return stage, members


class _Fusion:
    """Members of loops: `kept` are those whose whole result is needed, `single` the slots known to hold one element."""

    __slots__ = ("kept", "make_step", "members", "single", "stages")

    def __init__(
        self, plan: Plan, stages: dict[int, int], members: dict[int, Step], make_step: Callable[..., Step]
    ) -> None:
        self.stages = stages
        self.members = members
        self.make_step = make_step
        self.kept = {slot for slot, _ in plan.outputs if slot in members}
        for step in plan.steps:
            shape = _loop_shape(step.node) if step.out in members else None
            for i in step.inputs:
                if i not in members or _is_fold(members[i].node):
                    continue
                if shape is None or not _shares_tiles(members[i].node, shape):
                    self.kept.add(i)
        self.single = {slot for slot, value in plan.known if np.size(value) == 1}
        self.single |= {slot for slot, node in plan.feeds if _is_single(node)}
        self.single |= {step.out for step in plan.steps if _is_single(step.node)}

    def loop(self, shape: Shape, roots: list[Step]) -> Step:
        """One loop that computes `roots`, with everything they need from the same tiles."""
        now = self.stages[roots[0].out]
        inside, external = self._collect(shape, roots, now)
        folds = sorted([step for step in inside if _is_fold(step.node)], key=_gives_nothing)
        chain = [step for step in inside if not _is_fold(step.node)]
        outs = [step for step in chain if step.out in self.kept and self.stages[step.out] == now]
        place = {slot: i for i, slot in enumerate([*external, *[step.out for step in chain]])}
        loop = Loop(tuple(shape))  # type: ignore[arg-type]
        loop.count = len(chain)
        loop.outputs = [(step.node.shape, step.node.dtype.numpy) for step in outs]  # type: ignore[misc]
        loop.by_rows = any(is_rowwise(step.node) for step in chain)
        loop.folds = [(place[step.inputs[0]], step.node) for step in folds]
        loop.givers = _givers(loop.folds)
        uniform = {slot for slot in external if slot in self.single}
        varying = []
        outputs = {step.out: i for i, step in enumerate(outs)}
        for step in chain:
            if uniform.issuperset(step.inputs) and not is_rowwise(step.node):
                uniform.add(step.out)
                operands = tuple([place[i] for i in step.inputs])
                call = Call(step, operands, place[step.out], output=outputs.get(step.out, -1))
                call.writes = False  # its one value is needed besides the output that it fills
                loop.uniform.append(call)
            else:
                varying.append(step)
        _add_program(loop, varying, [step.inputs[0] for step in folds], place, outputs)
        _fill_tiles(loop, {place[slot] for slot in uniform}, len(external))
        return self.make_step(loop, tuple(external), [step.out for step in (*outs, *folds)], roots[0].node)

    def _collect(self, shape: Shape, roots: list[Step], now: int) -> tuple[list[Step], list[int]]:
        """The steps of a loop in order, and the slots of what is there before."""
        inside: dict[int, Step] = {}
        external: dict[int, None] = {}
        stack = list(roots)
        while stack:
            step = stack.pop()
            if step.out in inside:
                continue
            inside[step.out] = step
            for i in step.inputs:
                earlier = self.members.get(i)
                if (
                    earlier is not None
                    and _shares_tiles(earlier.node, shape)
                    and (self.stages[i] == now or i not in self.kept)
                ):
                    stack.append(earlier)
                else:
                    external[i] = None
        return sorted(inside.values(), key=lambda step: step.node.index), list(external)


def _add_program(
    loop: Loop, chain: list[Step], folded: list[int], place: dict[int, int], outputs: dict[int, int]
) -> None:
    """Give each member a buffer that no later one still reads from."""
    last_use = dict.fromkeys(folded, len(chain))
    for time, step in reversed(list(enumerate(chain))):
        for i in step.inputs:
            last_use.setdefault(i, time)
            if not writes(step):  # the result may be a view of the operand
                last_use[i] = max(last_use[i], last_use.get(step.out, time))
    expiring: list[list[int]] = [[] for _ in range(len(chain) + 1)]
    for slot, time in last_use.items():
        expiring[time].append(slot)
    free: dict[Any, list[int]] = {}
    held: dict[int, int] = {}
    for time, step in enumerate(chain):
        for i in expiring[time]:  # an elementwise step may write over an operand that nothing needs any more
            if i in held:
                buffer = held.pop(i)
                free.setdefault(loop.buffers[buffer], []).append(buffer)
        output = outputs.get(step.out, -1)
        buffer = -1
        if writes(step) and output < 0:
            dtype = step.node.dtype.numpy
            pool = free.get(dtype)
            if pool:
                buffer = pool.pop()
            else:
                buffer = len(loop.buffers)
                loop.buffers.append(dtype)
            held[step.out] = buffer
        operands = tuple([place[i] for i in step.inputs])
        loop.program.append(Call(step, operands, place[step.out], buffer, output))


def _fill_tiles(loop: Loop, uniform: set[int], externals: int) -> None:
    """Give the kernels that are slow against a single number a tile of it."""
    for call in loop.program:
        dtype = call.node.dtype.numpy
        if call.kernel in PREFER_TILES and dtype.kind == "f":  # an integer that does not fit is found by the kernel
            operands = list(call.operands)
            for at, i in enumerate(operands):
                if i in uniform:
                    if (i, dtype) not in loop.filled:
                        loop.filled[i, dtype] = externals + loop.count
                        loop.count += 1
                    operands[at] = loop.filled[i, dtype]
            call.operands = tuple(operands)


def _gives_nothing(step: Step) -> bool:
    assert step.node.op.fold is not None
    return not step.node.op.fold.gives


def _givers(folds: list[tuple[int, Node]]) -> dict[int, tuple[int, Callable[[Any], Any]]]:
    """For the place of a fold the place of an earlier one over the same value, and what makes its parts of those."""
    found = {}
    for place, (value, node) in enumerate(folds):
        for earlier, (other, giver) in enumerate(folds[:place]):
            assert node.op.fold is not None
            assert giver.op.fold is not None
            give = giver.op.fold.gives.get(node.op.fold)
            if other == value and give is not None:
                found[place] = (earlier, give)
    return found


def _is_single(node: Node) -> bool:
    return node.results is None and all(dim == 1 for dim in node.shape)
