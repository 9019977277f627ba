"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.dtypes import BOOL, int64
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, primitive
from autodiff.graph.shown import strides
from autodiff.graph.sizes import Dim, Shape, normalize_dim
from autodiff.ops.checks import not_implemented
from autodiff.ops.slices import checked_slice

# Triangles


def _triangle(name: str, kernel: Any, side: str) -> Primitive:
    def check(x: Node, diagonal: int) -> None:
        if len(x.shape) < 2:
            raise AutodiffError("bad-rank", f"{name}: input tensor must have at least 2 dimensions", operands=(0,))

    operation: Primitive = primitive(
        f"{name}(x, diagonal: int = 0)",
        kernel,
        shape=lambda x, diagonal: x.shape,
        check=check,
        vjp=[lambda g, out, x, diagonal: operation(g, diagonal)],
        doc=f"The matrix with zeros {side} the given diagonal (0 is the main one, 1 the one above it).",
        example=f"{name}([[1., 2.], [3., 4.]])",
        samples=[f"{name}(x); x:3,3", f"{name}(x, 1); x:2,3", f"{name}(x, -1); x:2,3,2"],
    )
    return operation


tril = _triangle("tril", np.tril, "above")
triu = _triangle("triu", np.triu, "below")


# Diagonals


def _length(rows: Dim, columns: Dim, offset: int) -> Dim:
    """How many elements a diagonal has. A named size counts as larger than any number that it meets here."""
    if offset >= 0:
        columns = _less(columns, offset)
    else:
        rows = _less(rows, -offset)
    difference = rows - columns
    if isinstance(difference, int):
        return rows if difference <= 0 else columns
    known = [size for size in (rows, columns) if isinstance(size, int)]
    if known:
        return known[0]
    raise AutodiffError(
        "needs-value",
        f"how long the diagonal of a matrix of {rows} by {columns} is depends on the sizes",
        help="give the sizes as numbers",
    )


def _less(size: Dim, by: int) -> Dim:
    return max(size - by, 0) if isinstance(size, int) else size - by


def _apart(rank: int, dim1: int, dim2: int) -> tuple[int, int]:
    """Two dims counted from the front; raises where they are one."""
    first, second = normalize_dim(dim1, rank), normalize_dim(dim2, rank)
    if first == second:
        raise AutodiffError("bad-value", f"diagonal dimensions cannot be identical {dim1}, {dim2}", operands=(2, 3))
    return first, second


def _diagonal_shape(x: Node, offset: int, dim1: int, dim2: int) -> Shape:
    rest = tuple(size for i, size in enumerate(x.shape) if i not in (dim1, dim2))
    return (*rest, _length(x.shape[dim1], x.shape[dim2], offset))


def _diagonal_strides(node: Node) -> Shape:
    own = strides(node.inputs[0])
    _, dim1, dim2 = node.params
    return (*[step for i, step in enumerate(own) if i not in (dim1, dim2)], own[dim1] + own[dim2])


def _diagonal_kernel(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    return np.diagonal(x, offset, dim1, dim2)


def _diagonal_of(g: Node, out: Node, x: Node, offset: int, dim1: int, dim2: int) -> Node:
    return DIAGONAL_SCATTER(ops.zeros_like(x), g, offset, dim1, dim2)  # type: ignore[no-any-return]


DIAGONAL: Primitive = Primitive(
    "diagonal(x, offset: int, dim1: dim, dim2: dim)",
    _diagonal_kernel,
    shape=_diagonal_shape,
    vjp=[_diagonal_of],
    layout=_diagonal_strides,
    view=True,
    doc="A diagonal of the matrices in two dims, as the last dim.",
)
DIAGONAL_COPY: Primitive = Primitive(
    "diagonal_copy(x, offset: int, dim1: dim, dim2: dim)",
    lambda x, offset, dim1, dim2: np.array(_diagonal_kernel(x, offset, dim1, dim2)),
    shape=_diagonal_shape,
    vjp=[_diagonal_of],
    grad_fn="DiagonalBackward0_copy",
    doc="A copy of a diagonal of the matrices in two dims, as the last dim.",
)


def _diagonal(x: Node, offset: int, dim1: int, dim2: int) -> Node:
    return DIAGONAL(x, offset, *_apart(len(x.shape), dim1, dim2))  # type: ignore[no-any-return]


def _diagonal_copy(x: Node, offset: int, dim1: int, dim2: int) -> Node:
    return DIAGONAL_COPY(x, offset, *_apart(len(x.shape), dim1, dim2))  # type: ignore[no-any-return]


composite(
    "diagonal(x, offset: int = 0, dim1: int = 0, dim2: int = 1)",
    _diagonal,
    doc="A diagonal of the matrices in dims dim1 and dim2, as the last dim.",
    example="diagonal([[1., 2.], [3., 4.]])",
    samples=["diagonal(x); x:2,3", "diagonal(x, 1, 1, 2); x:2,2,3", "diagonal(x, -1, -1, 0); x:2,2,3"],
)
composite(
    "linalg.diagonal(x, *, offset: int = 0, dim1: int = -2, dim2: int = -1)",
    _diagonal,
    doc="A diagonal of the matrices in the last two dims.",
    example="linalg.diagonal([[1., 2.], [3., 4.]])",
    samples=["linalg.diagonal(x, offset=1); x:2,2,3"],
)
composite(
    "diagonal_copy(x, offset: int = 0, dim1: int = 0, dim2: int = 1)",
    _diagonal_copy,
    doc="A copy of a diagonal of the matrices in dims dim1 and dim2, as the last dim.",
    example="diagonal_copy([[1., 2.], [3., 4.]])",
    samples=["diagonal_copy(x); x:2,3"],
)


def _embedded(x: Node, offset: int, dim1: int, dim2: int) -> Shape:
    side = x.shape[-1] + abs(offset)
    result: list[Dim] = list(x.shape[:-1])
    for dim in sorted((dim1, dim2)):
        result.insert(dim, side)
    return tuple(result)


def _embed_kernel(x: Any, offset: int, dim1: int, dim2: int) -> Any:
    count = x.shape[-1]
    side = count + abs(offset)
    result = np.zeros((*x.shape[:-1], side, side), x.dtype)
    steps = np.arange(count)
    result[..., steps + max(-offset, 0), steps + max(offset, 0)] = x
    return np.moveaxis(result, (-2, -1), (dim1, dim2))


def _diag_embed(x: Node, offset: int, dim1: int, dim2: int) -> Node:
    dims = _apart(len(x.shape) + 1, dim1, dim2)
    if not x.shape:
        raise AutodiffError("bad-rank", "diag_embed(): expected a tensor with at least one dimension", operands=(0,))
    return DIAG_EMBED(x, offset, *dims)  # type: ignore[no-any-return]


DIAG_EMBED: Primitive = Primitive(
    "diag_embed(x, offset: int, dim1: newdim, dim2: newdim)",
    _embed_kernel,
    shape=_embedded,
    vjp=[lambda g, out, x, offset, dim1, dim2: DIAGONAL(g, offset, dim1, dim2)],
    doc="Matrices with the last dim of x on a diagonal.",
)
composite(
    "diag_embed(x, offset: int = 0, dim1: int = -2, dim2: int = -1)",
    _diag_embed,
    doc="Matrices, in dims dim1 and dim2, with the last dim of x on a diagonal and zeros elsewhere.",
    example="diag_embed([1., 2.])",
    samples=["diag_embed(x); x:3", "diag_embed(x, 1, 0, 2); x:2,3", "diag_embed(x, -1); x:2"],
)


def _diag(x: Node, diagonal: int) -> Node:
    rank = len(x.shape)
    if rank == 1:
        return DIAG_EMBED(x, diagonal, 0, 1)  # type: ignore[no-any-return]
    if rank == 2:
        return DIAGONAL_COPY(x, diagonal, 0, 1)  # type: ignore[no-any-return]
    raise AutodiffError(
        "bad-rank",
        f"diag(): Supports 1D or 2D tensors. Got {rank}D",
        operands=(0,),
        help="diagonal(x) takes diagonals, diag_embed(x) makes matrices of vectors, of any rank",
    )


composite(
    "diag(x, diagonal: int = 0)",
    _diag,
    doc="The diagonal of a matrix, or the matrix that has a vector on its diagonal.",
    example="diag([1., 2.])",
    samples=["diag(x); x:2,3", "diag(x); x:3", "diag(x, 1); x:2", "diag(x, -1); x:3,2"],
)
composite(
    "diagflat(x, offset: int = 0)",
    lambda x, offset: DIAG_EMBED(ops.reshape(ops.contiguous(x), (-1,)), offset, 0, 1),
    doc="The matrix that has all elements of x on its diagonal.",
    example="diagflat([1., 2.])",
    samples=["diagflat(x); x:2,2", "diagflat(x, -1); x:2"],
)


def _checked_scatter(x: Node, src: Node, offset: int, dim1: int, dim2: int) -> tuple[Any, ...]:
    return *checked_slice(x, src, _diagonal_shape(x, offset, dim1, dim2)), offset, dim1, dim2


def _scatter_kernel(x: Any, src: Any, offset: int, dim1: int, dim2: int) -> Any:
    result = np.array(x)
    place = np.diagonal(result, offset, dim1, dim2)
    place.flags.writeable = True
    place[...] = src
    return result


DIAGONAL_SCATTER: Primitive = Primitive(
    "diagonal_scatter(x, src, offset: int, dim1: dim, dim2: dim)",
    _scatter_kernel,
    shape=lambda x, src, offset, dim1, dim2: x.shape,
    check=_checked_scatter,
    vjp=[
        lambda g, out, x, src, offset, dim1, dim2: DIAGONAL_SCATTER(g, ops.zeros_like(src), offset, dim1, dim2),
        lambda g, out, x, src, offset, dim1, dim2: DIAGONAL(g, offset, dim1, dim2),
    ],
    layout="like",
    doc="x with src on a diagonal.",
)
composite(
    "diagonal_scatter(x, src, offset: int = 0, dim1: int = 0, dim2: int = 1)",
    lambda x, src, offset, dim1, dim2: DIAGONAL_SCATTER(x, src, offset, *_apart(len(x.shape), dim1, dim2)),
    doc="x with src on a diagonal.",
    example="diagonal_scatter([[1., 2.], [3., 4.]], [0., 0.])",
    samples=["diagonal_scatter(x, y); x:2,3, y:2", "diagonal_scatter(x, y, 1, 1, 0); x:2,3, y:1"],
)


def _checked_trace(x: Node) -> None:
    if len(x.shape) != 2:
        raise AutodiffError(
            "bad-rank", f"trace: expected a matrix, but got tensor with dim {len(x.shape)}", operands=(0,)
        )
    if x.dtype.kind == BOOL:
        raise not_implemented("trace", x.dtype)


def _trace_rule(g: Node, out: Node, x: Node) -> Node:
    rows, columns = x.shape
    if rows == columns:
        return DIAG_EMBED(ops.expand(g, (rows,)), 0, 0, 1)  # type: ignore[no-any-return]
    length = _length(rows, columns, 0)
    return DIAGONAL_SCATTER(ops.zeros_like(x), ops.expand(g, (length,)), 0, 0, 1)  # type: ignore[no-any-return]


def _trace_kernel(x: Any) -> Any:
    diagonal = np.diagonal(x, 0, -2, -1)
    return np.sum(diagonal, axis=-1, dtype=diagonal.dtype if diagonal.dtype.kind == "f" else np.int64)


trace: Primitive = primitive(
    "trace(x)",
    _trace_kernel,
    shape=lambda x: (),
    dtype=lambda x: x.dtype if x.dtype.is_floating else int64,
    check=_checked_trace,
    vjp=[_trace_rule],
    doc="The sum of the main diagonal of a matrix.",
    example="trace([[1., 2.], [3., 4.]])",
    samples=["trace(x); x:3,3", "trace(x); x:2,3"],
)
