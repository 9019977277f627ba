"""Chains of elementwise steps over one large shape, run tile by tile in buffers that stay in the cache.

A loop runs every step of a chain on one tile before it goes to the next, so that intermediates never reach memory; the
reductions that end a chain are folded as the tiles go by.  What needs the result of such a reduction (a variance, a
softmax over everything) runs in a later loop over the same tiles, which computes cheap intermediates again rather than
keep them.  Partial sums are combined in float64 and rounded once; tiles do not depend on threads.

    steps ──stages──▶ [steps, loops] ──compile──▶ Loop, called like any kernel
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product, zip_longest
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.execute.failures import overflow
from autodiff.execute.threads import share
from autodiff.graph.node import Node
from autodiff.graph.op import BROADCAST, CONVERT, WRITERS, Elementwise
from autodiff.graph.sizes import Shape

if TYPE_CHECKING:
    from autodiff.execute.schedule import Plan, Step

TILE = 1 << 17  # elements; two threads get along when kernels take this long, and L2 or L3 caches hold the operands
SMALLEST = 1 << 16  # below this, one kernel after the other is as fast
WATCHED = 16  # tiles from one report of progress to the next

# Several times slower against a single number than against a tile of it.
PREFER_TILES = (np.maximum, np.minimum, np.fmax, np.fmin)

Index = tuple[Any, ...]


class Call:
    """A member of a loop: which kernel is called on which values, and where its result goes.

    Values are numbered. `output` is the number of the loop's output that it fills and `buffer` that of the buffer it
    may write to, -1 where there is none. A kernel that `writes` takes `out=`. A member that `mixes` columns needs its
    operand as wide as the tile.
    """

    __slots__ = ("buffer", "kernel", "mixes", "node", "operands", "output", "params", "target", "writes")

    def __init__(self, step: Step, operands: tuple[int, ...], target: int, buffer: int = -1, output: int = -1) -> None:
        broadcasts = step.node.op is BROADCAST
        self.kernel: Callable[..., Any] = _same if broadcasts else step.kernel
        self.params: tuple[Any, ...] = () if broadcasts else step.params
        self.writes = _writes(step)
        self.mixes = _is_rowwise(step.node)
        self.node = step.node
        self.operands = operands
        self.target = target
        self.buffer = buffer
        self.output = output


class Loop:
    """A fused chain, called with its external inputs; returns materialised results, then reductions.

    Values are numbered: the externals first, then one for each member.  `uniform` are the members that are the same
    everywhere, computed once; `program` are the others; `filled` are tiles of one value, (value, dtype) → number.  A
    fold with one of the `givers` takes its partial results from those of an earlier fold.  A loop `by_rows` cuts the
    first axis alone.
    """

    __slots__ = ("buffers", "by_rows", "count", "filled", "folds", "givers", "outputs", "program", "shape", "uniform")

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.count = 0
        self.uniform: list[Call] = []
        self.program: list[Call] = []
        self.buffers: list[np.dtype[Any]] = []
        self.outputs: list[tuple[tuple[int, ...], np.dtype[Any]]] = []
        self.by_rows = False
        self.folds: list[tuple[int, Node]] = []
        self.givers: dict[int, tuple[int, Callable[[Any], Any]]] = {}
        self.filled: dict[tuple[int, np.dtype[Any]], int] = {}

    def __call__(
        self, *arrays: Any, into: Sequence[np.ndarray | None] = (), watch: Callable[[int], None] | None = None
    ) -> list[Any]:
        """Results for these externals, those that `into` has an array for in that one (row by row in memory).

        `watch` is told now and then how many elements are done.
        """
        flat = not self.by_rows and all(np.size(a) == 1 or self._is_flat(a) for a in arrays)
        shape = (prod(self.shape),) if flat else self.shape
        axis = 0 if self.by_rows else _axis_to_cut(shape)
        inner = shape[axis + 1 :]
        step = min(max(1, TILE // prod(inner)), shape[axis])
        results: list[Any] = [
            np.empty(own, dtype) if given is None else given
            for (own, dtype), given in zip_longest(self.outputs, into[: len(self.outputs)])  # without folds
        ]
        outputs = [r.reshape(shape if flat else own) for r, (own, _) in zip(results, self.outputs, strict=True)]
        values, cut = self._externals(arrays, shape, axis)
        self._run(self.uniform, values, (), outputs, [])
        for (source, dtype), target in self.filled.items():
            values[target] = np.full((step, *inner), values[source], dtype)
        tiles = list(enumerate(_tiles(shape, axis, step)))
        partial: list[list[Any]] = [[None] * len(tiles) for _ in self.folds]

        def work(waiting: Iterator[tuple[int, tuple[Index, int]]], first: bool) -> None:
            mine = list(values)
            buffers = [np.empty((step, *inner), dtype) for dtype in self.buffers]
            for count, (number, (index, size)) in enumerate(waiting):
                if first and watch is not None and count % WATCHED == 0:
                    watch(number * step * prod(inner))
                for i, array, stays in cut:
                    mine[i] = array[tuple([at if s is None else s for at, s in zip(index, stays, strict=True)])]
                for target in self.filled.values():
                    mine[target] = values[target][:size]
                tile = (size, *inner)
                parts_of_outputs = [output[index] for output in outputs]
                self._run(self.program, mine, tile, parts_of_outputs, [buffer[:size] for buffer in buffers])
                for place, (i, node) in enumerate(self.folds):
                    giver = self.givers.get(place)
                    if giver is None:
                        partial[place][number] = node.op.fold.partial(_whole(mine[i], tile))  # type: ignore[union-attr]
                    else:
                        partial[place][number] = giver[1](partial[giver[0]][number])

        share(work, tiles)
        results = [r if r.shape == own else r.reshape(own) for r, (own, _) in zip(results, self.outputs, strict=True)]
        for (_, node), parts in zip(self.folds, partial, strict=True):
            fold = node.op.fold
            assert fold is not None
            total = fold.finish(fold.combine(parts), prod(self.shape), *node.params)
            results.append(np.asarray(total, node.dtype.numpy).reshape(node.shape))
        return results

    @staticmethod
    def _run(
        calls: list[Call],
        values: list[Any],
        tile: tuple[int, ...],
        outputs: list[np.ndarray],
        buffers: list[np.ndarray],
    ) -> None:
        """Members on one tile, in order; raises what their kernels raise, with their place."""
        call = None
        try:
            for call in calls:
                operands = [values[i] for i in call.operands]
                if call.mixes:
                    operands[0] = _whole(operands[0], tile)
                if call.writes:
                    out = outputs[call.output] if call.output >= 0 else buffers[call.buffer]
                    values[call.target] = call.kernel(*operands, *call.params, out=out)
                else:
                    values[call.target] = value = call.kernel(*operands, *call.params)
                    if call.output >= 0:
                        outputs[call.output][...] = value
        except AutodiffError as error:
            assert call is not None
            error.span = error.span or call.node.span
            raise
        except OverflowError as error:
            assert call is not None
            raise overflow(call.node) from error

    def _externals(
        self, arrays: Sequence[Any], shape: tuple[int, ...], axis: int
    ) -> tuple[list[Any], list[tuple[int, np.ndarray, Index]]]:
        """Values before the first tile, and those that change with it: (number, array, index).

        The index is None on the axes where the array has the tile's place.
        """
        values: list[Any] = [*arrays, *[None] * self.count]
        cut = []
        first: Index = (*[0] * axis, slice(1))
        for i, array in enumerate(arrays):
            if np.size(array) == 1:
                values[i] = array.reshape(())[()] if isinstance(array, np.ndarray) else array
                continue
            full = array.reshape(shape if array.size == prod(shape) else (1,) * (len(shape) - array.ndim) + array.shape)
            stays = tuple([at if dim == 1 else None for at, dim in zip(first, full.shape, strict=False)])
            if None in stays:
                cut.append((i, full, stays))
            else:
                values[i] = full[stays]
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
    op = node.op
    return (isinstance(op, Elementwise) or op is CONVERT or op is BROADCAST) and not node.weak and is_large(node)


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
        if kind in ("dim", "newdim") and (dims is None or dims == 0):
            return False
        if kind == "dims" and (dims is None or 0 in dims):
            return False
        if kind == "sizes":
            return False
    return True


def _is_rowwise(node: Node) -> bool:
    return carries_rows(node) and is_large(node.inputs[0])


def _is_tiled(node: Node) -> bool:
    return _is_fold(node) or _is_member(node) or _is_rowwise(node)


def _loop_shape(node: Node) -> Shape:
    return node.inputs[0].shape if _is_fold(node) or _is_rowwise(node) else node.shape


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
        loop.by_rows = any(_is_rowwise(step.node) for step in chain)
        loop.folds = [(place[step.inputs[0]], step.node) for step in folds]
        loop.givers = _givers(loop.folds)
        uniform = {slot for slot in external if slot in self.single}
        varying = []
        outputs = {step.out: i for i, step in enumerate(outs)}
        for step in chain:
            if uniform.issuperset(step.inputs) and not _is_rowwise(step.node):
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
            if not _writes(step):  # the result may be a view of the operand
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
        if _writes(step) and output < 0:
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


def _writes(step: Step) -> bool:
    """Whether the kernel takes `out=`."""
    return isinstance(step.kernel, np.ufunc) or step.kernel in WRITERS


def _is_single(node: Node) -> bool:
    return node.results is None and all(dim == 1 for dim in node.shape)


def _whole(value: Any, tile: tuple[int, ...]) -> Any:
    return value if np.shape(value) == tile else np.broadcast_to(value, tile)


def _same(x: Any) -> Any:
    """Tiles broadcast where they meet."""
    return x
