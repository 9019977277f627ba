"""What operations on matrices share: PyTorch's checks, and elimination that finds singular matrices as LAPACK does.

Everything here works on batches: matrices are the last two axes.
"""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import broadcast_to
from autodiff.graph.sizes import Dim, Shape, contiguous_strides
from autodiff.ops.checks import NEEDS_FLOATING, not_implemented

SMALL = 16  # matrices up to this size are eliminated here, in the order of operations that PyTorch's LAPACK has


# Checks


def check_matrix(name: str, A: Node, operand: int = 0, letter: str = "A") -> None:
    """Raises `bad-rank` for what has fewer than two dims."""
    if len(A.shape) < 2:
        raise AutodiffError(
            "bad-rank",
            f"{name}: The input tensor {letter} must have at least 2 dimensions.",
            operands=(operand,),
            help=f"this has {len(A.shape)} dim{'s' * (len(A.shape) != 1)}",
        )


def check_square(name: str, A: Node, operand: int = 0) -> None:
    """Raises `bad-rank` or `not-square` with PyTorch's messages."""
    check_matrix(name, A, operand)
    rows, columns = A.shape[-2:]
    if rows != columns:
        raise AutodiffError(
            "not-square",
            f"{name}: A must be batches of square matrices, but they are {rows} by {columns} matrices",
            operands=(operand,),
        )


def check_floating(name: str, A: Node, operand: int = 0) -> None:
    """Raises `bad-dtype` for integers, as `torch.linalg` does."""
    if not A.dtype.is_floating:
        raise AutodiffError(
            "bad-dtype",
            f"{name}: Expected a floating point or complex tensor as input. Got {A.dtype.long_name}",
            operands=(operand,),
            help=NEEDS_FLOATING,
        )


def check_kernel(kernel: str, A: Node, operand: int = 0) -> None:
    """Raises `bad-dtype` for what LAPACK has no routine for: integers and half precision."""
    if A.dtype not in (dtypes.float32, dtypes.float64):
        raise not_implemented(kernel, A.dtype, (operand,))


def check_factorizable(name: str, kernel: str, square: bool = True) -> Callable[..., None]:
    """A check that the first operand is a floating (square) matrix, or a batch of them."""

    def check(A: Node, *_: Any) -> None:
        (check_square if square else check_matrix)(name, A)
        check_floating(name, A)
        check_kernel(kernel, A)

    return check


def check_same_dtype(name: str, A: Node, B: Node, names: tuple[str, str] = ("A", "B")) -> None:
    if A.dtype is not B.dtype:
        raise AutodiffError(
            "bad-dtype",
            f"{name}: Expected {names[0]} and {names[1]} to have the same dtype, but found {names[0]} of type"
            f" {A.dtype.long_name} and {names[1]} of type {B.dtype.long_name} instead",
            operands=(0, 1),
            help="convert one of them: x.double()",
        )


# Shapes and layout


def column_major(node: Node) -> Shape:
    """Strides of what LAPACK leaves: columns one after another."""
    m, n = node.shape[-2:]
    outer = contiguous_strides((*node.shape[:-2], m * n))[:-1]
    return (*outer, 1, m)


def narrow(x: Node, dim: int, start: Dim, length: Dim) -> Node:
    return ops.narrow(x, dim, start, length)  # type: ignore[no-any-return]


def smaller(m: Dim, n: Dim) -> Dim:
    return n if m == n else min(m, n)


def no_convergence(name: str) -> AutodiffError:
    return AutodiffError(
        "singular-matrix",
        f"{name}: The algorithm failed to converge because the input matrix contained non-finite values.",
        type="LinAlgError",
        operands=(0,),
        help="the matrix holds NaN or infinite elements",
    )


def over_matrices(g: Node) -> Node:
    """One number a matrix, ready to multiply the matrices."""
    return ops.unsqueeze(ops.unsqueeze(g, -1), -1) if g.shape else g


def widen(x: Node, shape: Shape) -> Node:
    return x if x.shape == shape else broadcast_to(x, shape)


# Elimination


class Factors:
    """P @ LU = A with partial pivoting: `lu` packed, `rows` the order of rows, `parity` ±1, `info` the first zero pivot
    (counted from one, zero where there is none), `pivots` the exchanges as LAPACK counts them."""

    __slots__ = ("info", "lu", "parity", "pivots", "rows")

    def __init__(self, lu: Any, rows: Any, parity: Any, info: Any, pivots: Any) -> None:
        self.lu = lu
        self.rows = rows
        self.parity = parity
        self.info = info
        self.pivots = pivots


def factorize(A: Any) -> Factors:
    """Gaussian elimination, column by column, all matrices of the batch at once."""
    if np.ndim(A) == 2:
        return _factorize_one(A)
    lu = np.array(A, order="C")
    batch, (m, n) = lu.shape[:-2], lu.shape[-2:]
    rows = np.broadcast_to(np.arange(m), (*batch, m)).copy()
    parity = np.ones(batch, lu.dtype)
    info = np.zeros(batch, np.int32)
    pivots = np.zeros((*batch, min(m, n)), np.int32)
    for k in range(min(m, n)):
        place = np.argmax(np.abs(lu[..., k:, k]), axis=-1)[..., None] + k
        pivots[..., k] = place[..., 0] + 1
        parity = np.where(place[..., 0] == k, parity, -parity)
        _exchange(rows[..., None], k, place)
        _exchange(lu, k, place)
        pivot = lu[..., k, k]
        usable = pivot != 0
        info = np.where(~usable & (info == 0), k + 1, info).astype(np.int32)
        factor = np.where(usable, np.reciprocal(np.where(usable, pivot, 1)), 1).astype(lu.dtype)
        lu[..., k + 1 :, k] *= factor[..., None]
        lu[..., k + 1 :, k + 1 :] -= lu[..., k + 1 :, k, None] * lu[..., None, k, k + 1 :]
    return Factors(lu, rows, parity, info, pivots)


def _factorize_one(A: Any) -> Factors:
    """The same, operation by operation, for a single matrix, which needs no gathering of rows."""
    lu = np.array(A, order="C")
    m, n = lu.shape
    rows = np.arange(m)
    parity, info = 1, 0
    pivots = np.zeros(min(m, n), np.int32)
    for k in range(min(m, n)):
        place = k + int(np.abs(lu[k:, k]).argmax())
        pivots[k] = place + 1
        if place != k:
            parity = -parity
            rows[[k, place]] = rows[[place, k]]
            lu[[k, place]] = lu[[place, k]]
        pivot = lu[k, k]
        if pivot != 0:
            lu[k + 1 :, k] *= np.reciprocal(pivot)
        elif not info:
            info = k + 1
        lu[k + 1 :, k + 1 :] -= lu[k + 1 :, k, None] * lu[k, k + 1 :]
    return Factors(lu, rows, lu.dtype.type(parity), np.asarray(info, np.int32), pivots)


def _exchange(a: Any, k: int, place: Any) -> None:
    """Exchange row k and the row at `place` of each matrix."""
    index = place[..., None]
    lower = np.take_along_axis(a, index, axis=-2)
    np.put_along_axis(a, index, a[..., k : k + 1, :].copy(), axis=-2)
    a[..., k : k + 1, :] = lower


def substitute(A: Any, B: Any, upper: bool, unit: bool = False) -> Any:
    """X with A @ X = B for triangular A, row by row; a zero on the diagonal gives infinities and NaN, as LAPACK."""
    n = A.shape[-1]
    batch = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    X = np.array(np.broadcast_to(B, (*batch, *B.shape[-2:])))
    for i in range(n - 1, -1, -1) if upper else range(n):
        done = slice(i + 1, n) if upper else slice(0, i)
        if (i < n - 1) if upper else i:
            X[..., i, :] -= np.matmul(A[..., None, i, done], X[..., done, :])[..., 0, :]
        if not unit:
            X[..., i, :] /= A[..., i, i, None]
    return X


def solve_factored(factors: Factors, B: Any) -> Any:
    B = np.take_along_axis(
        np.broadcast_to(B, (*factors.lu.shape[:-2], *B.shape[-2:])), factors.rows[..., None], axis=-2
    )
    return substitute(factors.lu, substitute(factors.lu, B, upper=False, unit=True), upper=True)


def first_singular(factors: Factors) -> tuple[int | None, int]:
    """(position in the batch, zero pivot) of the first singular matrix; the pivot is 0 where all can be inverted.

    The position is None for a single matrix.
    """
    bad = np.flatnonzero(factors.info)
    if not bad.size:
        return None, 0
    return (int(bad[0]) if factors.lu.ndim > 2 else None), int(factors.info.reshape(-1)[bad[0]])


def invert(A: Any) -> Any:
    """Inverses; what is singular gives infinities and NaN."""
    if A.shape[-1] > SMALL:
        try:
            return np.linalg.inv(A)
        except np.linalg.LinAlgError:
            pass
    return solve_factored(factorize(A), np.eye(A.shape[-1], dtype=A.dtype))


def singular(message: str, position: int | None) -> AutodiffError:
    """A LinAlgError; `message` has a gap for the place in the batch."""
    where = "" if position is None else f"(Batch element {position}): "
    return AutodiffError(
        "singular-matrix",
        message.format(where),
        type="LinAlgError",
        operands=(0,),
        help="the rows (or columns) are linearly dependent; linalg.pinv gives a pseudo-inverse",
    )
