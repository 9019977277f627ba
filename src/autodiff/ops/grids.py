"""Tensors set against each other: grids, combinations, blocks of a matrix."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import Composite, composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import Primitive, constant
from autodiff.graph.sizes import Dim, Shape, broadcast_all, show
from autodiff.ops.join import non_empty, only_tensors, promoted, stacked
from autodiff.ops.places import MASKED_SELECT
from autodiff.ops.slices import SLICE

# Along both dims of a matrix


def _block_shape(tensors: list[Node]) -> Shape:
    rows: Dim = 0
    columns: Dim = 0
    for node in tensors:
        height, width = _as_matrix(node.shape)
        rows, columns = rows + height, columns + width
    return rows, columns


def _as_matrix(shape: Any) -> tuple[Any, ...]:
    return (1,) * (2 - len(shape)) + tuple(shape)


def _block_kernel(tensors: list[Any]) -> Any:
    blocks = [np.reshape(a, _as_matrix(np.shape(a))) for a in tensors]
    result = np.zeros((sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)), blocks[0].dtype)
    row = column = 0
    for block in blocks:
        result[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return result


def _unblock(g: Node, out: Node, tensors: list[Node]) -> list[Any]:
    pulled: list[Any] = []
    row: Dim = 0
    column: Dim = 0
    for node in tensors:
        height, width = _as_matrix(node.shape)
        below, right = row + height, column + width
        piece = None
        if node.requires_grad:
            piece = SLICE(SLICE(g, 0, row, below, 1), 1, column, right, 1)
            piece = piece if len(node.shape) == 2 else ops.reshape(piece, node.shape)
        pulled.append(piece)
        row, column = below, right
    return pulled


def _check_blocks(tensors: list[Node]) -> tuple[list[Node]]:
    non_empty("torch.block_diag", tensors)
    for i, node in enumerate(tensors):
        if len(node.shape) > 2:
            raise AutodiffError(
                "bad-rank",
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input"
                f" {i} has {len(node.shape)} dimensions",
                operands=(0,),
            )
    return (promoted(tensors),)


BLOCK_DIAG: Primitive = Primitive(
    "block_diag(tensors: Tensors)",
    _block_kernel,
    shape=_block_shape,
    check=_check_blocks,
    vjp_all=_unblock,
    doc="The matrix with the given ones along its diagonal.",
)


# Every combination


def _broadcast_tensors(tensors: list[Node]) -> tuple[Node, ...]:
    only_tensors(tensors)
    shape = broadcast_all([node.shape for node in tensors])
    return tuple(node if node.shape == shape else ops.expand(node, shape) for node in tensors)


def _meshgrid(tensors: list[Node], indexing: str | None) -> tuple[Node, ...]:
    non_empty("meshgrid", tensors)
    for node in tensors:
        if len(node.shape) > 1:
            raise AutodiffError(
                "bad-rank",
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: " + show(node.shape),
                operands=(0,),
            )
        if node.dtype is not tensors[0].dtype:
            raise AutodiffError("bad-dtype", "meshgrid expects all tensors to have the same dtype", operands=(0,))
    if indexing not in (None, "ij", "xy"):
        raise AutodiffError(
            "bad-value",
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}',
            operands=(1,),
        )
    swap = indexing == "xy" and len(tensors) > 1
    order = list(tensors)
    if swap:
        order[0], order[1] = order[1], order[0]
    shape = tuple(node.shape[0] if node.shape else 1 for node in order)
    grids = []
    for i, node in enumerate(order):
        line = [1] * len(order)
        viewed = ops.view(node, (*line[:i], -1, *line[i + 1 :]))
        grids.append(ops.expand(viewed, shape))
    if swap:
        grids[0], grids[1] = grids[1], grids[0]
    return tuple(grids)


def _vectors(tensors: Sequence[Node]) -> None:
    for node in tensors:
        if len(node.shape) != 1:
            raise AutodiffError("bad-rank", f"Expect a 1D vector, but got shape {show(node.shape)}", operands=(0,))


def _cartesian_prod(tensors: list[Node]) -> Node:
    non_empty("meshgrid", tensors)
    _vectors(tensors)
    if len(tensors) == 1:
        return tensors[0]
    grids = _meshgrid(tensors, "ij")
    return stacked([ops.flatten(grid) for grid in grids], 1)


MAX_CHOSEN = 10_000_000
MAX_RANK = 64


def _combinations(x: Node, r: int, with_replacement: bool) -> Node:
    _vectors([x])
    if r < 0:
        raise AutodiffError("bad-value", f"Expect a non-negative number, but got {r}", operands=(1,))
    if r == 0:
        return constant(np.empty(0, x.dtype.numpy))
    count = x.shape[0]
    if not isinstance(count, int):
        raise AutodiffError("needs-value", f"the combinations of {count} elements need their number")
    total = math.comb(count + r - 1, r) if with_replacement else math.comb(count, r)
    if total * r > MAX_CHOSEN or r > MAX_RANK:
        raise AutodiffError("limit-size", f"there are {total} ways to choose {r} of {count}, too many to list")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    grids = _meshgrid([x] * r, "ij")
    chosen = np.array(list(choose(range(count), r)), dtype=np.int64).reshape(-1, r)
    places = constant(chosen @ count ** np.arange(r - 1, -1, -1))
    return stacked([MASKED_SELECT(grid, places) for grid in grids], 1)


class Spread(Composite):
    """A composite that takes its tensors in a list or one after another."""

    __slots__ = ()

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> Any:
        if len(args) != 1 or not isinstance(args[0], (list, tuple)) or not all(map(_may_be_tensor, args[0])):
            args = [list(args)] if args else []
        return super().bind(args, kwargs, method)


def _may_be_tensor(value: Any) -> bool:
    return isinstance(value, (Node, list))


def _spread(signature: str, function: Any, **about: Any) -> None:
    register(Spread(signature, function, **about))


_spread(
    "block_diag(tensors: Tensors)",
    lambda tensors: BLOCK_DIAG(tensors),
    doc="The matrix with the given ones along its diagonal.",
    example="block_diag([[1., 2.]], [[3.]])",
    samples=["block_diag(x, y); x:2,3, y:3,2", "block_diag(x, y, z); x:2,3, y:2, z:scalar"],
)
_spread(
    "broadcast_tensors(tensors: Tensors)",
    _broadcast_tensors,
    doc="Tensors seen with their common shape.",
    example="broadcast_tensors([1., 2.], [[3.], [4.]])[0]",
    samples=["broadcast_tensors(x, y)[1]; x:2,3, y:3"],
)
_spread(
    "meshgrid(tensors: Tensors, *, indexing: str? = None)",
    _meshgrid,
    doc="Vectors seen as grids, one dim each: indexing 'ij' (unless said otherwise) counts rows first, 'xy' columns.",
    example="meshgrid([1., 2.], [3., 4., 5.], indexing='ij')[0]",
    samples=["meshgrid(x, y, indexing='ij')[1]; x:2, y:3", "meshgrid(x, y, indexing='xy')[1]; x:2, y:3"],
)
_spread(
    "cartesian_prod(tensors: Tensors)",
    _cartesian_prod,
    doc="Every combination of one element of each vector, as rows.",
    example="cartesian_prod([1., 2.], [3., 4.])",
    samples=["cartesian_prod(x, y); x:2, y:3"],
)
composite(
    "combinations(x, r: int = 2, with_replacement: bool = False)",
    _combinations,
    doc="Every choice of r elements of a vector, as rows.",
    example="combinations([1., 2., 3.])",
    samples=["combinations(x); x:4", "combinations(x, 3, True); x:3"],
)
