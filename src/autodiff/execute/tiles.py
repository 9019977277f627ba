"""Chains of elementwise steps over one large shape, run tile by tile in buffers that stay in the cache.

A loop runs every step of a chain on one tile before it goes to the next, so that intermediates never reach memory; the
reductions that end a chain are folded as the tiles go by.  What needs the result of such a reduction (a variance, a
softmax over everything) runs in a later loop over the same tiles, which computes cheap intermediates again rather than
keep them.  Partial sums are combined in float64 and rounded once; tiles do not depend on threads.

    steps ──stages──▶ [steps, loops] ──compile──▶ Loop, called like any kernel
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.node import Node
from autodiff.graph.op import BROADCAST, CONVERT, Elementwise
from autodiff.graph.sizes import Shape

if TYPE_CHECKING:
    from autodiff.execute.schedule import Plan, Step

TILE = 1 << 15  # elements; float32 operands of a few steps then fit the second-level cache
SMALLEST = 1 << 16  # below this, one kernel after the other is as fast

Index = tuple[Any, ...]


class Call:
    """A member of a loop: which kernel is called on which values, and where its result goes.

    Values are numbered. `output` is the number of the loop's output that it fills and `buffer` that of the buffer it
    may write to, -1 where there is none. A member that `mixes` columns needs its operand as wide as the tile.
    """

    __slots__ = ("buffer", "kernel", "mixes", "node", "operands", "output", "params", "target", "writes")

    def __init__(
        self, step: Step, operands: tuple[int, ...], target: int, buffer: int = -1, output: int = -1, mixes: bool = False
    ) -> None:
        broadcasts = step.node.op is BROADCAST
        self.kernel = _same if broadcasts else step.kernel
        self.params = () if broadcasts else step.params
        self.writes = isinstance(self.kernel, np.ufunc)
        self.mixes = mixes
        self.node = step.node
        self.operands = operands
        self.target = target
        self.buffer = buffer
        self.output = output

    def run(self, values: list[Any], tile: tuple[int, ...], out: np.ndarray | None = None) -> None:
        """Compute one tile; raises what the kernel raises, with the place of this member."""
        operands = [values[i] for i in self.operands]
        if self.mixes and np.shape(operands[0]) != tile:
            operands[0] = np.broadcast_to(operands[0], tile)
        try:
            if out is not None:
                values[self.target] = self.kernel(*operands, *self.params, out=out)
            else:
                values[self.target] = self.kernel(*operands, *self.params)
        except AutodiffError as error:
            error.span = error.span or self.node.span
            raise


class Loop:
    """A fused chain, called with its external inputs; returns materialised results, then reductions.

    Values are numbered: the externals first, then one for each member.  `uniform` are the members that are the same
    everywhere, computed once; `program` are the others.  A loop `by_rows` cuts the first axis alone.
    """

    __slots__ = ("buffers", "by_rows", "count", "folds", "outputs", "program", "shape", "uniform")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.count = 0
        self.uniform: list[Call] = []
        self.program: list[Call] = []
        self.buffers: list[np.dtype[Any]] = []
        self.outputs: list[tuple[tuple[int, ...], np.dtype[Any]]] = []
        self.by_rows = False
        self.folds: list[tuple[int, Node]] = []

    def __call__(self, *arrays: Any) -> list[Any]:
        flat = not self.by_rows and all([np.size(a) == 1 or self._is_flat(a) for a in arrays])
        shape = (prod(self.shape),) if flat else self.shape
        axis = 0 if self.by_rows else _axis_to_cut(shape)
        inner = shape[axis + 1 :]
        step = min(max(1, TILE // prod(inner)), shape[axis])
        outputs = [np.empty(shape if flat else own, dtype) for own, dtype in self.outputs]
        buffers = [np.empty((step, *inner), dtype) for dtype in self.buffers]
        partial: list[list[Any]] = [[] for _ in self.folds]
        values, cut = self._externals(arrays, shape, axis)
        for call in self.uniform:
            call.run(values, ())
            if call.output >= 0:
                outputs[call.output][...] = values[call.target]
        for index, size in _tiles(shape, axis, step):
            for i, array, varies in cut:
                values[i] = array[tuple([at if v else 0 for at, v in zip(index, varies, strict=True)])]
            tile = (size, *inner)
            for call in self.program:
                if call.writes:
                    call.run(values, tile, outputs[call.output][index] if call.output >= 0 else buffers[call.buffer][:size])
                else:
                    call.run(values, tile)
                    if call.output >= 0:
                        outputs[call.output][index] = values[call.target]
            for (i, node), parts in zip(self.folds, partial, strict=True):
                value = values[i]
                parts.append(node.op.fold.partial(value if np.shape(value) == tile else np.broadcast_to(value, tile)))  # type: ignore[union-attr]
        results: list[Any] = [output.reshape(own) for output, (own, _) in zip(outputs, self.outputs, strict=True)]
        for (_, node), parts in zip(self.folds, partial, strict=True):
            total = node.op.fold.finish(node.op.fold.combine(parts), prod(self.shape))  # type: ignore[union-attr]
            results.append(np.asarray(total, node.dtype.numpy).reshape(node.shape))
        return results

    def _externals(
        self, arrays: Sequence[Any], shape: tuple[int, ...], axis: int
    ) -> tuple[list[Any], list[tuple[int, np.ndarray, list[bool]]]]:
        """Values before the first tile, and those that differ from tile to tile: (number, array, axes that vary)."""
        values: list[Any] = [*arrays, *[None] * self.count]
        cut = []
        for i, array in enumerate(arrays):
            if np.size(array) == 1:
                values[i] = array.reshape(())[()] if isinstance(array, np.ndarray) else array
                continue
            if len(shape) == 1:
                array = array.reshape(-1)
            full = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
            varies = [dim != 1 for dim in full.shape[: axis + 1]]
            if any(varies):
                if not varies[axis]:  # keep the axis that is cut
                    full = full[(slice(None),) * axis + (None,)]
                cut.append((i, full, varies))
            else:
                values[i] = full[(0,) * axis]
        return values, cut

    def _is_flat(self, array: np.ndarray) -> bool:
        return array.shape == self.shape and array.flags.c_contiguous


def _axis_to_cut(shape: tuple[int, ...]) -> int:
    """The first axis whose slices fit a tile: those before it are gone through one by one."""
    axis, inner = 0, prod(shape[1:])
    while inner > TILE:
        axis += 1
        inner //= shape[axis]
    return axis


def _tiles(shape: tuple[int, ...], axis: int, step: int) -> Iterator[tuple[Index, int]]:
    """Where each tile is, and how much of the cut axis it holds."""
    length = shape[axis]
    for lead in product(*map(range, shape[:axis])):
        for start in range(0, length, step):
            stop = min(start + step, length)
            yield (*lead, slice(start, stop)), stop - start


def is_large(node: Node) -> bool:
    """Whether a node's result is worth tiling."""
    total = 1
    for dim in node.shape:
        if not isinstance(dim, int):
            return False
        total *= dim
    return total >= SMALLEST


def _is_member(node: Node) -> bool:
    """Steps that run on tiles: elementwise over a large shape."""
    return (isinstance(node.op, Elementwise) or node.op is CONVERT or node.op is BROADCAST) and not node.weak and is_large(node)


def _is_fold(node: Node) -> bool:
    """A reduction of everything, over a large operand."""
    if node.op.fold is None or not is_large(node.inputs[0]):
        return False
    shape, kept = node.inputs[0].shape, node.shape
    return all(dim == 1 for dim in kept) and any(dim != 1 for dim in shape)


def carries_rows(node: Node) -> bool:
    """Whether the kernel may be given a few rows (slices of the first axis) at a time: it does not mix them."""
    op = node.op
    if not op.batches or len(node.inputs) != 1 or node.rank == 0 or node.results is not None:
        return False
    x = node.inputs[0]
    if x.rank < 2 or node.shape[0] != x.shape[0]:
        return False
    for i, kind in op.param_kinds:
        dims = node.params[i]
        if kind == "dim" and dims == 0:
            return False
        if kind == "dims" and (dims is None or 0 in dims):
            return False
    return True


def _is_rowwise(node: Node) -> bool:
    return carries_rows(node) and is_large(node.inputs[0])


def fuse(steps: Sequence[Step], wanted: set[int], make_step: Callable[..., Step]) -> list[Step]:
    """The same computation with its large elementwise chains in loops, in an order that works."""
    stages, members = _stages(steps)
    if not members:
        return list(steps)
    producer = {step.out: step for step in steps}
    last = max(stages.values())
    result: list[Step] = []
    kept = _materialised(steps, stages, members, wanted)
    by_stage: list[list[Step]] = [[] for _ in range(last + 1)]
    for step in steps:
        by_stage[stages[step.out]].append(step)
    for stage in by_stage:
        result += [step for step in stage if step.out not in members]
        loops: dict[Shape, list[Step]] = {}
        for step in stage:
            if step.out in members and (step.out in kept or _is_fold(step.node)):
                loops.setdefault(_loop_shape(step.node), []).append(step)
        for shape, roots in loops.items():
            result.append(_compile(shape, roots, producer, members, kept, stages, make_step))
    return result


def _loop_shape(node: Node) -> Shape:
    return node.inputs[0].shape if _is_fold(node) or _is_rowwise(node) else node.shape


def _stages(steps: Sequence[Step]) -> tuple[dict[int, int], set[int]]:
    """For each step the round it runs in, and the slots of those that run on tiles.

    In round s the ordinary steps run first, then the loops; what a loop makes is there from round s + 1 on, except for
    members of the same loop.
    """
    stage: dict[int, int] = {}
    members: set[int] = set()
    shapes: dict[int, Shape] = {}
    for step in steps:
        node = step.node
        fold = _is_fold(node)
        tiled = fold or _is_member(node) or _is_rowwise(node)
        shape = _loop_shape(node) if tiled else None
        when = 0
        for i in step.inputs:
            at = stage.get(i, 0)
            together = tiled and i in members and shapes[i] == shape
            when = max(when, at if together or i not in members else at + 1)
        stage[step.out] = when
        if tiled:
            members.add(step.out)
            shapes[step.out] = () if fold else _loop_shape(node)
    return stage, members


def _materialised(steps: Sequence[Step], stage: dict[int, int], members: set[int], wanted: set[int]) -> set[int]:
    """Members whose whole result is needed: outside of loops, as an output, or by a loop over another shape."""
    kept = {slot for slot in wanted if slot in members}
    nodes = {step.out: step.node for step in steps}
    for step in steps:
        for i in step.inputs:
            if i not in members:
                continue
            inside = step.out in members and _loop_shape(step.node) == _loop_shape(nodes[i])
            if not inside and not _is_fold(nodes[i]):
                kept.add(i)
    return kept


def _compile(
    shape: Shape,
    roots: list[Step],
    producer: dict[int, Step],
    members: set[int],
    kept: set[int],
    stages: dict[int, int],
    make_step: Callable[..., Step],
) -> Step:
    """One loop that computes `roots`, with everything they need from the same tiles."""
    now = stages[roots[0].out]
    inside: dict[int, Step] = {}
    external: dict[int, None] = {}
    stack = list(roots)
    while stack:
        step = stack.pop()
        if step.out in inside:
            continue
        inside[step.out] = step
        for i in step.inputs:
            earlier = producer.get(i)
            again = earlier is not None and i in members and not _is_fold(earlier.node) and _loop_shape(earlier.node) == shape
            if again and (stages[i] == now or i not in kept):
                stack.append(earlier)  # type: ignore[arg-type]
            else:
                external[i] = None
    order = sorted(inside.values(), key=lambda step: step.node.index)
    loop = Loop(tuple(shape))  # type: ignore[arg-type]
    place = {slot: i for i, slot in enumerate(external)}
    chain = [step for step in order if not _is_fold(step.node)]
    for step in chain:
        place[step.out] = len(place)
    loop.count = len(chain)
    outs = [step.out for step in chain if step.out in kept and stages[step.out] == now]
    loop.outputs = [(inside[slot].node.shape, inside[slot].node.dtype.numpy) for slot in outs]  # type: ignore[misc]
    loop.by_rows = any(_is_rowwise(step.node) for step in chain)
    _assign_buffers(loop, chain, order, place, {slot: i for i, slot in enumerate(outs)})
    folds = [step for step in order if _is_fold(step.node)]
    loop.folds = [(place[step.inputs[0]], step.node) for step in folds]
    return make_step(loop, tuple(external), [*outs, *[step.out for step in folds]], roots[0].node)


def _assign_buffers(
    loop: Loop, chain: list[Step], order: list[Step], place: dict[int, int], outputs: dict[int, int]
) -> None:
    """Give each member a buffer that no later step still reads from."""
    last_use: dict[int, int] = {step.inputs[0]: len(chain) for step in order if _is_fold(step.node)}
    for time, step in reversed(list(enumerate(chain))):
        for i in step.inputs:
            last_use.setdefault(i, time)
            if not isinstance(step.kernel, np.ufunc):  # the result may be a view of the operand
                last_use[i] = max(last_use[i], last_use.get(step.out, time))
    free: dict[Any, list[int]] = {}
    held: dict[int, int] = {}
    uniform: set[int] = set()
    for time, step in enumerate(chain):
        dtype = step.node.dtype.numpy
        takes_out = isinstance(step.kernel, np.ufunc)
        output = outputs.get(step.out, -1)
        buffer = -1
        operands = tuple([place[i] for i in step.inputs])
        kernel, params = (_same, ()) if step.node.op is BROADCAST else (step.kernel, step.params)
        if all(i in uniform or _is_single(x) for i, x in zip(step.inputs, step.node.inputs, strict=True)):
            uniform.add(step.out)
            loop.uniform.append((kernel, operands, params, place[step.out]))
            if output >= 0:
                loop.uniform_outputs.append((place[step.out], output))
            continue
        for i in set(step.inputs):  # an elementwise step may write over an operand that nothing needs any more
            if last_use.get(i) == time and i in held:
                free.setdefault(loop.buffers[held[i]], []).append(held.pop(i))
        if takes_out and output < 0:
            pool = free.setdefault(dtype, [])
            if pool:
                buffer = pool.pop()
            else:
                buffer = len(loop.buffers)
                loop.buffers.append(dtype)
            held[step.out] = buffer
        loop.program.append((kernel, takes_out, operands, params, place[step.out], buffer, output))


def _is_single(node: Node) -> bool:
    return all(dim == 1 for dim in node.shape)


def _same(x: Any) -> Any:
    """Tiles broadcast where they meet."""
    return x
