"""Loops: chains of steps over one large shape, run tile by tile in buffers that stay in the cache.

A loop runs every step of a chain on one tile before it goes to the next, so that intermediates never reach memory; the
reductions that end a chain are folded as the tiles go by.  Partial sums are combined in float64 and rounded once; tiles
do not depend on threads.  `fusion` finds the chains.
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
from autodiff.graph.primitive import BROADCAST, WRITERS

if TYPE_CHECKING:
    from autodiff.execute.schedule import Step

TILE = 1 << 17  # elements; two threads get along when kernels take this long, and L2 or L3 caches hold the operands
SMALLEST = 1 << 16  # below this, one kernel after the other is as fast
WATCHED = 16  # tiles from one report of progress to the next

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
        self.writes = writes(step)
        self.mixes = is_rowwise(step.node)
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


def is_rowwise(node: Node) -> bool:
    return carries_rows(node) and is_large(node.inputs[0])


def writes(step: Step) -> bool:
    """Whether the kernel takes `out=`."""
    return isinstance(step.kernel, np.ufunc) or step.kernel in WRITERS


def _whole(value: Any, tile: tuple[int, ...]) -> Any:
    return value if np.shape(value) == tile else np.broadcast_to(value, tile)


def _same(x: Any) -> Any:
    """Tiles broadcast where they meet."""
    return x
