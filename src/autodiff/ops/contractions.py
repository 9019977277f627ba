"""Contractions other than einsum: tensordot, inner products, chains of matrices, the Kronecker product."""

from __future__ import annotations

from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.kinds import written
from autodiff.graph.node import Node
from autodiff.graph.op import ops, register
from autodiff.graph.primitive import strengthen
from autodiff.graph.sizes import Dim, is_concrete, normalize_dims, numel, show
from autodiff.ops.layout import UNSAFE_VIEW, VIEW, is_contiguous
from autodiff.ops.matmul import bad_rank, dot, mm, same_dtype, type_text
from autodiff.ops.matrices import check_floating
from autodiff.ops.operands import Operands
from autodiff.ops.reduce import SUM


def _tensordot(x: Node, y: Node, dims: Any) -> Node:
    if isinstance(dims, int) and not isinstance(dims, bool):
        if dims < 0:
            raise AutodiffError("bad-value", f"tensordot expects dims >= 0, but got dims={dims}", operands=(2,))
        if dims > min(len(x.shape), len(y.shape)):
            raise AutodiffError(
                "bad-value", f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}", operands=(2,)
            )
        return _contracted(x, y, tuple(range(-dims, 0)), tuple(range(dims)))
    if not isinstance(dims, (list, tuple)) or len(dims) != 2:
        raise AutodiffError(
            "argument-type",
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists,"
            f" but got dims={written(dims)}",
            operands=(2,),
        )
    lists = [(part,) if isinstance(part, int) else part for part in dims]
    if any(not isinstance(part, (list, tuple)) or not all(isinstance(d, int) for d in part) for part in lists):
        raise AutodiffError(
            "argument-type",
            "tensordot(): argument 'dims' must be tuple of ints",
            type="TypeError",
            operands=(2,),
        )
    return _contracted(x, y, tuple(lists[0]), tuple(lists[1]))


def _contracted(x: Node, y: Node, dims_x: tuple[int, ...], dims_y: tuple[int, ...]) -> Node:
    """Source: PyTorch's `tensordot`; dims of size one are summed away first."""
    if len(dims_x) != len(dims_y):
        raise AutodiffError("bad-value", "both dimension lists should have same length", operands=(2,))
    same_dtype("both inputs should have same dtype", x, y)
    x, y = strengthen(x, x.dtype), strengthen(y, y.dtype)
    places_x, places_y = normalize_dims(dims_x, len(x.shape)), normalize_dims(dims_y, len(y.shape))
    for node, dims in ((x, dims_x), (y, dims_y)):
        if dims and not node.shape:
            message = f"Dimension specified as {dims[0]} but tensor has no dimensions"
            raise AutodiffError("dim-out-of-range", message, type="IndexError", operands=(2,))
    count: Dim = 1
    a, b = x, y
    for given_x, given_y, i, j in zip(dims_x, dims_y, places_x, places_y, strict=True):
        m, n = x.shape[i], y.shape[j]
        if n == 1:
            a = SUM(a, (i,), True)
        elif m == 1:
            b = SUM(b, (j,), True)
        elif m != n:
            raise AutodiffError(
                "shape-mismatch",
                f"contracted dimensions need to match, but first has size {m} in dim {given_x} and second has size {n}"
                f" in dim {given_y}",
                operands=(0, 1),
            )
        else:
            count = count * m
    kept_x = [i for i in range(len(x.shape)) if i not in places_x]
    kept_y = [i for i in range(len(y.shape)) if i not in places_y]
    size = (*[a.shape[i] for i in kept_x], *[b.shape[i] for i in kept_y])
    a = ops.permute(a, (*kept_x, *places_x))
    b = ops.permute(b, (*places_y, *kept_y))
    rows, columns = numel(tuple(x.shape[i] for i in kept_x)), numel(tuple(y.shape[i] for i in kept_y))
    if rows == columns == 1:
        if is_contiguous(a) and is_contiguous(b):
            return ops.reshape(dot(ops.flatten(a, 0, -1), ops.flatten(b, 0, -1)), size)  # type: ignore[no-any-return]
        return ops.reshape(ops.sum(ops.squeeze(a) * ops.squeeze(b)), size)  # type: ignore[no-any-return]
    result = mm(ops.reshape(a, (rows, count)), ops.reshape(b, (count, columns)))
    return ops.reshape(result, size)  # type: ignore[no-any-return]


composite(
    "tensordot(x, y, dims: any = 2)",
    _tensordot,
    doc="The sum of products over the last `dims` dims of x and the first of y, or over two lists of dims.",
    example="tensordot([[1., 2.], [3., 4.]], [[1., 0.], [0., 2.]], dims=1)",
    samples=[
        "tensordot(x, y); x:2,3, y:2,3",
        "tensordot(x, y, 1); x:2,3, y:3,2",
        "tensordot(x, y, 0); x:2, y:3",
        "tensordot(x, y, dims=([0, 1], [2, 0])); x:2,3,2, y:3,2,2",
        "tensordot(x, y, dims=([0], [0])); x:2,3, y:1,2",
        "tensordot(x, y, dims=([0, 1], [1, 0])); x:2,3, y:3,2",
    ],
)


def _inner(x: Node, y: Node) -> Node:
    if not x.shape or not y.shape:
        return x * y
    if x.shape[-1] != y.shape[-1]:
        raise AutodiffError(
            "shape-mismatch",
            "inner() the last dimension must match on both input tensors but got shapes"
            f" {show(x.shape)} and {show(y.shape)}",
            operands=(0, 1),
        )
    return _contracted(x, y, (-1,), (-1,))


composite(
    "inner(x, y)",
    _inner,
    doc="Sums of products along the last dim of both.",
    example="inner([[1., 2.], [3., 4.]], [1., -1.])",
    samples=["inner(x, y); x:3, y:3", "inner(x, y); x:2,3, y:2,3", "inner(x, y); x:2,3, y:scalar"],
)


def _vecdot(x: Node, y: Node, dim: int) -> Node:
    check_floating("linalg.vecdot", x)
    same_dtype(
        f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x.dtype.long_name} and y of type"
        f" {y.dtype.long_name} instead",
        x,
        y,
    )
    if len(x.shape) == len(y.shape) == 1:
        return ops.vdot(x, y)  # type: ignore[no-any-return]
    return ops.sum(x * y, (dim,))  # type: ignore[no-any-return]


composite(
    "linalg.vecdot(x, y, *, dim: int = -1)",
    _vecdot,
    doc="Sums of products along dim.",
    example="linalg.vecdot([[1., 2.], [3., 4.]], [1., -1.])",
    samples=[
        "linalg.vecdot(x, y); x:2,3, y:2,3",
        "linalg.vecdot(x, y, dim=0); x:2,3, y:2,3",
        "linalg.vecdot(x, y); x:3, y:3",
    ],
)


# Chains of matrices


def _cheapest(sizes: list[Dim]) -> dict[tuple[int, int], int]:
    """Where to split the product of matrices i..j so that least is multiplied; matrix i is sizes[i] by sizes[i+1].

    Source: Cormen et al., Introduction to Algorithms, matrix-chain multiplication.
    """
    count = len(sizes) - 1
    cost: dict[tuple[int, int], Any] = {(i, i): 0 for i in range(count)}
    split = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            best = None
            for k in range(i, j):
                total = cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                if best is None or total < best:
                    best, split[i, j] = total, k
            cost[i, j] = best
    return split


def _multiplied(matrices: list[Node], split: dict[tuple[int, int], int], i: int, j: int) -> Node:
    if i == j:
        return matrices[i]
    k = split[i, j]
    return mm(_multiplied(matrices, split, i, k), _multiplied(matrices, split, k + 1, j))  # type: ignore[no-any-return]


def _check_chain(tensors: list[Node]) -> None:
    def wrong(message: str, position: int, code: str = "bad-rank") -> AutodiffError:
        return AutodiffError(code, f"multi_dot(): {message}", operands=(position,))

    count = len(tensors)
    if count < 2:
        raise wrong(f"expected at least 2 tensors but got {count}", 0, "bad-value")
    first, last = len(tensors[0].shape), len(tensors[-1].shape)
    if first not in (1, 2):
        raise wrong(f"the first tensor must be 1D or 2D but got {first}D", 0)
    if last not in (1, 2):
        raise wrong(f"the last tensor must be 1D or 2D but got {last}D", count - 1)
    for i, x in enumerate(tensors):
        if 0 < i < count - 1 and len(x.shape) != 2:
            raise wrong(f"tensor {i} must be 2D but got {len(x.shape)}D", i)
        if x.dtype is not tensors[0].dtype:
            raise wrong(
                f"all tensors must have be the same dtype but tensor 0 is {type_text(tensors[0].dtype)} and tensor {i}"
                f" {type_text(x.dtype)}",
                i,
                "bad-dtype",
            )
        if i and tensors[i - 1].shape[-1] != x.shape[0]:
            raise wrong(
                f"tensors {i - 1} and {i} with shapes {show(tensors[i - 1].shape)} and {show(x.shape)} cannot be"
                " multiplied",
                i,
                "matmul-shape",
            )


def _multi_dot(tensors: list[Node]) -> Node:
    _check_chain(tensors)
    matrices = list(tensors)
    size: list[Dim] = []
    if len(tensors[0].shape) == 1:
        matrices[0] = ops.unsqueeze(matrices[0], 0)
    else:
        size.append(tensors[0].shape[0])
    if len(tensors[-1].shape) == 1:
        matrices[-1] = ops.unsqueeze(matrices[-1], 1)
    else:
        size.append(tensors[-1].shape[1])
    sizes = [matrices[0].shape[0], *[matrix.shape[1] for matrix in matrices]]
    count = len(matrices)
    if not is_concrete(tuple(sizes)):
        split = {(0, j): j - 1 for j in range(1, count)}
    elif count == 3:
        a, b, c, d = sizes
        last_first = a * c * (b + d) > b * d * (a + c)
        split = {(0, 2): 0, (1, 2): 1} if last_first else {(0, 2): 1, (0, 1): 0}
    else:
        split = _cheapest(sizes)
    return VIEW(_multiplied(matrices, split, 0, count - 1), tuple(size))  # type: ignore[no-any-return]


def _chain_matmul(matrices: list[Node]) -> Node:
    for position, matrix in enumerate(matrices):
        if len(matrix.shape) != 2:
            raise bad_rank(f"Tensor dimension is {len(matrix.shape)}, expected 2 instead.", (position,))
    if not matrices:
        raise AutodiffError("missing-argument", "chain_matmul(): Expected one or more matrices")
    return ops.clone(matrices[0]) if len(matrices) == 1 else _multi_dot(matrices)


composite(
    "linalg.multi_dot(tensors: Tensors)",
    lambda tensors: _multi_dot([strengthen(x, x.dtype) for x in tensors]),
    doc="Product of a chain of matrices (the first and last may be vectors), in the order that multiplies least.",
    example="linalg.multi_dot([[1., 2.], [[1., 0.], [0., 2.]], [3., 4.]])",
    samples=[
        "linalg.multi_dot([x, y]); x:2,3, y:3,2",
        "linalg.multi_dot([x, y, z]); x:3,2, y:2,3, z:3,1",
        "linalg.multi_dot([x, y, z, x]); x:2, y:2,3, z:3,2",
    ],
)
register(
    Operands(
        "chain_matmul(matrices: Tensors)",
        _chain_matmul,
        doc="Product of a chain of matrices, in the order that multiplies least.",
        example="chain_matmul([[1., 2.], [3., 4.]], [[1., 0.], [0., 2.]])",
        samples=["chain_matmul(x, y, z); x:3,2, y:2,3, z:3,1"],
    )
)


def _kron(x: Node, y: Node) -> Node:
    x, y = strengthen(x, x.dtype), strengthen(y, y.dtype)
    rank = max(len(x.shape), len(y.shape))
    a = (1,) * (rank - len(x.shape)) + x.shape
    b = (1,) * (rank - len(y.shape)) + y.shape
    spread_a = tuple(size for extent in a for size in (extent, 1))
    spread_b = tuple(size for extent in b for size in (1, extent))
    size = tuple(m * n for m, n in zip(a, b, strict=True))
    return UNSAFE_VIEW(UNSAFE_VIEW(x, spread_a) * UNSAFE_VIEW(y, spread_b), size)  # type: ignore[no-any-return]


composite(
    "kron(x, y)",
    _kron,
    doc="The Kronecker product: every element of x times the whole of y.",
    example="kron([[1., 2.]], [[1., 0.], [0., 1.]])",
    samples=["kron(x, y); x:2,3, y:2,2", "kron(x, y); x:2, y:2,2"],
)
