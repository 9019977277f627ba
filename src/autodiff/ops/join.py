"""Joining tensors into one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import Composite, composite
from autodiff.graph.dtypes import DIMENSIONED, ZERO_DIM, DType
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import Primitive, convert
from autodiff.graph.sizes import Dim, Shape, normalize_dim, show
from autodiff.ops.slices import SLICE


def only_tensors(tensors: Sequence[Node]) -> None:
    """Raises for plain numbers in a list of tensors."""
    for i, node in enumerate(tensors):
        if node.weak:
            raise AutodiffError(
                "argument-type",
                f"expected Tensor as element {i} in argument 0, but got"
                f" {type_name(node.params[0] if node.params else 0)}",
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

FORGOTTEN: Primitive = Primitive(
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
        piece = SLICE(g, dim, start, end, 1) if node.requires_grad else None
        pulled.append(piece)
        start = end
    return pulled


CAT: Primitive = Primitive(
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
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {model.shape[d]} but got"
                    f" size {node.shape[d]} for tensor number {i} in the list.",
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
    samples=["cat([x, y]); x:2,3, y:1,3", "cat([x, y, x], dim=-1); x:2,3, y:2,1", "cat([x, y[:0]]); x:2,3, y:2"],
)


# Along a new dim


def _check_stack(tensors: list[Node]) -> None:
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


STACK: Primitive = Primitive(
    "stack(tensors: Tensors, dim: newdim)",
    lambda tensors, dim: np.stack(tensors, axis=dim),
    shape=_stack_shape,
    vjp_all=_select_each,
    doc="Tensors of one shape joined along a new dim.",
)


def stacked(tensors: list[Node], dim: int) -> Node:
    non_empty("stack", tensors)
    place = normalize_dim(dim, len(tensors[0].shape) + 1)
    _check_stack(tensors)
    return STACK(promoted(tensors), place)  # type: ignore[no-any-return]


stack = composite(
    "stack(tensors: Tensors, dim: int = 0)",
    stacked,
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

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> Any:
        listed = len(args) == 1 and isinstance(args[0], (list, tuple)) and any(isinstance(v, Node) for v in args[0])
        if listed:
            args = list(args[0])
        if len(args) < 2 and not listed:
            return super().bind(args, kwargs, method)
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
