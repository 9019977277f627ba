"""Joining tensors into one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DIMENSIONED, ZERO_DIM, DType
from autodiff.graph.node import Node
from autodiff.graph.op import Composite, Primitive, composite, constant, convert, ops, register
from autodiff.graph.signature import type_name
from autodiff.graph.sizes import Dim, Shape, broadcast_all, normalize_dim, show


def only_tensors(tensors: Sequence[Node]) -> None:
    """Raises for plain numbers in a list of tensors."""
    for i, node in enumerate(tensors):
        if node.weak:
            raise AutodiffError(
                "argument-type",
                f"expected Tensor as element {i} in argument 0, but got {type_name(node.params[0] if node.params else 0)}",
                type="TypeError",
                operands=(0,),
                help="reshape(3., 1) makes a tensor of a number",
            )


def non_empty(name: str, tensors: Sequence[Node]) -> None:
    if not tensors:
        raise AutodiffError("bad-value", f"{name} expects a non-empty TensorList", operands=(0,))
    only_tensors(tensors)


def _common(tensors: Sequence[Node]) -> DType:
    return dtypes.result_type([(node.dtype, DIMENSIONED if node.shape else ZERO_DIM) for node in tensors])


def promoted(tensors: Sequence[Node]) -> list[Node]:
    dtype = _common(tensors)
    return [node if node.dtype is dtype else convert(node, dtype) for node in tensors]


# Along a dim that they have

FORGOTTEN = Primitive(
    "forgotten(x, size: sizes)",
    np.reshape,
    shape=lambda x, size: size,
    vjp=[lambda g, out, x, size: ops.reshape(g, x.shape)],
    doc="A tensor of shape [0], seen as an empty one of another rank.",
    hidden=True,
)


def _cat_shape(tensors: list[Node], dim: int) -> Shape:
    shape = list(tensors[0].shape)
    total: Dim = 0
    for node in tensors:
        total = total + node.shape[dim]
    shape[dim] = total
    return tuple(shape)


def _narrow_each(g: Node, out: Node, tensors: list[Node], dim: int) -> list[Any]:
    pulled = []
    start: Dim = 0
    for node in tensors:
        end = start + node.shape[dim]
        piece = ops.slice(g, dim, start, end, 1) if node.requires_grad else None
        pulled.append(piece)
        start = end
    return pulled


CAT = Primitive(
    "cat(tensors: Tensors, dim: dim)",
    lambda tensors, dim: np.concatenate(tensors, axis=dim),
    shape=_cat_shape,
    vjp_all=_narrow_each,
    doc="Tensors joined along a dim.",
)


def _cat(tensors: list[Node], dim: int) -> Node:
    if not tensors:
        raise AutodiffError(
            "bad-value", "torch.cat(): expected a non-empty list of Tensors", type="ValueError", operands=(0,)
        )
    only_tensors(tensors)
    for i, node in enumerate(tensors):
        if not node.shape:
            raise AutodiffError(
                "bad-rank",
                f"zero-dimensional tensor (at position {i}) cannot be concatenated",
                operands=(0,),
                help="stack([…]) joins scalars",
            )
    model = next((node for node in tensors if node.shape != (0,)), tensors[0])
    rank = len(model.shape)
    dim = normalize_dim(dim, rank)
    for i, node in enumerate(tensors):
        if node.shape == (0,):
            continue
        if len(node.shape) != rank:
            raise AutodiffError(
                "shape-mismatch",
                f"Tensors must have same number of dimensions: got {rank} and {len(node.shape)}",
                operands=(0,),
            )
        for d in range(rank):
            if d != dim and node.shape[d] != model.shape[d]:
                raise AutodiffError(
                    "shape-mismatch",
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {model.shape[d]} but got size"
                    f" {node.shape[d]} for tensor number {i} in the list.",
                    operands=(0,),
                )
    empty = (*model.shape[:dim], 0, *model.shape[dim + 1 :])
    tensors = promoted(tensors)
    tensors = [FORGOTTEN(node, empty) if node.shape == (0,) and rank > 1 else node for node in tensors]
    return CAT(tensors, dim)  # type: ignore[no-any-return]


cat = composite(
    "cat(tensors: Tensors, dim: int = 0)",
    _cat,
    aliases=["concat", "concatenate"],
    doc="Tensors joined along a dim; the other dims agree.",
    example="cat([[1., 2.], [3.]])",
    samples=["cat([x, y]); x:2,3, y:1,3", "cat([x, y, x], dim=-1); x:2,3, y:2,1"],
)


# Along a new dim


def _check_stack(tensors: list[Node]) -> None:
    non_empty("stack", tensors)
    for i, node in enumerate(tensors):
        if node.shape != tensors[0].shape:
            raise AutodiffError(
                "shape-mismatch",
                f"stack expects each tensor to be equal size, but got {show(tensors[0].shape)} at entry 0 and"
                f" {show(node.shape)} at entry {i}",
                operands=(0,),
            )


def _stack_shape(tensors: list[Node], dim: int) -> Shape:
    shape = tensors[0].shape
    return (*shape[:dim], len(tensors), *shape[dim:])


def _select_each(g: Node, out: Node, tensors: list[Node], dim: int) -> list[Any]:
    return [ops.select(g, dim, i) if node.requires_grad else None for i, node in enumerate(tensors)]


STACK = Primitive(
    "stack(tensors: Tensors, dim: newdim)",
    lambda tensors, dim: np.stack(tensors, axis=dim),
    shape=_stack_shape,
    vjp_all=_select_each,
    doc="Tensors of one shape joined along a new dim.",
)


def _stack(tensors: list[Node], dim: int) -> Node:
    _check_stack(tensors)
    return STACK(promoted(tensors), normalize_dim(dim, len(tensors[0].shape) + 1))  # type: ignore[no-any-return]


stack = composite(
    "stack(tensors: Tensors, dim: int = 0)",
    _stack,
    doc="Tensors of one shape joined along a new dim.",
    example="stack([[1., 2.], [3., 4.]])",
    samples=["stack([x, y]); x:2,3, y:2,3", "stack([x, y], -1); x:2, y:2", "stack([x, y]); x:scalar, y:scalar"],
)


# Rows, columns, layers


def _atleast(node: Node, rank: int) -> Node:
    """As `atleast_1d` to `atleast_3d` do it."""
    own = len(node.shape)
    if own >= rank:
        return node
    if not own:
        return ops.reshape(node, (1,) * rank)  # type: ignore[no-any-return]
    if rank == 2:
        return ops.unsqueeze(node, 0)  # type: ignore[no-any-return]
    return ops.unsqueeze(ops.unsqueeze(node, 0) if own == 1 else node, 2)  # type: ignore[no-any-return]


class AtLeast(Composite):
    """One tensor gives a tensor, several (one after another, or in a list) a tuple."""

    __slots__ = ()

    def bind(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        listed = len(args) == 1 and isinstance(args[0], (list, tuple)) and any(isinstance(v, Node) for v in args[0])
        if listed:
            args = list(args[0])
        if len(args) < 2 and not listed:
            return super().bind(args, kwargs)
        return tuple([super(AtLeast, self).bind([node], kwargs) for node in args])


for _rank in (1, 2, 3):
    register(
        AtLeast(
            f"atleast_{_rank}d(x)",
            lambda x, rank=_rank: _atleast(x, rank),
            doc=f"x with at least {_rank} dimension{'s' * (_rank > 1)}; several tensors give a tuple.",
            example=f"atleast_{_rank}d(tensor(1.))",
            samples=[f"atleast_{_rank}d(x); x:scalar", f"atleast_{_rank}d(x); x:3", f"atleast_{_rank}d(x); x:2,3"],
        )
    )


def _hstack(tensors: list[Node]) -> Node:
    non_empty("hstack", tensors)
    nodes = [_atleast(node, 1) for node in tensors]
    return _cat(nodes, 0 if len(nodes[0].shape) == 1 else 1)


def _stacking(name: str, rank: int, dim: int) -> Any:
    def function(tensors: list[Node]) -> Node:
        non_empty(name, tensors)
        return _cat([_atleast(node, rank) for node in tensors], dim)

    return function


def _column_stack(tensors: list[Node]) -> Node:
    non_empty("column_stack", tensors)
    columns = [
        ops.reshape(node, (node.shape[0] if node.shape else 1, 1)) if len(node.shape) < 2 else node for node in tensors
    ]
    return _hstack(columns)


composite(
    "hstack(tensors: Tensors)",
    _hstack,
    doc="Tensors side by side: joined along dim 1, vectors along dim 0.",
    example="hstack([[1.], [2.]])",
    samples=["hstack([x, y]); x:2,3, y:2,1", "hstack([x, y]); x:3, y:scalar"],
)
composite(
    "vstack(tensors: Tensors)",
    _stacking("vstack", 2, 0),
    aliases=["row_stack"],
    doc="Tensors on top of each other: joined along dim 0, vectors as rows.",
    example="vstack([[1., 2.], [3., 4.]])",
    samples=["vstack([x, y]); x:2,3, y:3"],
)
composite(
    "dstack(tensors: Tensors)",
    _stacking("dstack", 3, 2),
    doc="Tensors behind each other: joined along dim 2.",
    example="dstack([[1., 2.], [3., 4.]])",
    samples=["dstack([x, y]); x:2,3, y:2,3", "dstack([x, y]); x:3, y:3"],
)
composite(
    "column_stack(tensors: Tensors)",
    _column_stack,
    doc="Tensors side by side, vectors as columns.",
    example="column_stack([[1., 2.], [3., 4.]])",
    samples=["column_stack([x, y]); x:2, y:2,3", "column_stack([x, y]); x:scalar, y:scalar"],
)


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
            piece = ops.slice(ops.slice(g, 0, row, below, 1), 1, column, right, 1)
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


BLOCK_DIAG = Primitive(
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
            raise AutodiffError(
                "bad-dtype", "torch.meshgrid expects all tensors to have the same dtype", operands=(0,)
            )
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
            raise AutodiffError(
                "bad-rank", f"Expect a 1D vector, but got shape {show(node.shape)}", operands=(0,)
            )


def _cartesian_prod(tensors: list[Node]) -> Node:
    non_empty("meshgrid", tensors)
    _vectors(tensors)
    if len(tensors) == 1:
        return tensors[0]
    grids = _meshgrid(tensors, "ij")
    return _stack([ops.flatten(grid) for grid in grids], 1)


def _combinations(x: Node, r: int, with_replacement: bool) -> Node:
    _vectors([x])
    if r < 0:
        raise AutodiffError("bad-value", f"Expect a non-negative number, but got {r}", operands=(1,))
    if r == 0:
        return constant(np.empty(0, x.dtype.numpy))
    count = x.shape[0]
    if not isinstance(count, int):
        raise AutodiffError("needs-value", f"the combinations of {count} elements need their number")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    mask = np.zeros((count,) * r, dtype=bool)
    chosen = np.array(list(choose(range(count), r)), dtype=np.int64).reshape(-1, r)
    mask[tuple(chosen.T)] = True
    grids = _meshgrid([x] * r, "ij")
    return _stack([ops.masked_select(grid, constant(mask)) for grid in grids], 1)


class Spread(Composite):
    """A composite that takes its tensors in a list or one after another."""

    __slots__ = ()

    def bind(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(args) != 1 or not isinstance(args[0], (list, tuple)) or not all(map(_may_be_tensor, args[0])):
            args = [list(args)] if args else []
        return super().bind(args, kwargs)


def _may_be_tensor(value: Any) -> bool:
    return isinstance(value, (Node, list))


def _spread(signature: str, function: Any, **about: Any) -> None:
    register(Spread(signature, function, **about))


_spread(
    "block_diag(tensors: Tensors)",
    lambda tensors: BLOCK_DIAG(tensors),
    doc="The matrix with the given ones along its diagonal.",
    example="block_diag([[1., 2.]], [[3.]])",
    samples=["block_diag(x, y, z); x:2,3, y:2, z:scalar"],
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
