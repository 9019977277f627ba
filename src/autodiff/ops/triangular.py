"""Triangular systems, and what works on factors: LU and Cholesky."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.node import Node, Results
from autodiff.graph.op import Primitive, composite, fit, none, ops, primitive
from autodiff.graph.sizes import Dim, Shape, broadcast, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.linalg import check_system, widen
from autodiff.ops.matmul import mT, matrix_product
from autodiff.ops.matrices import (
    Factors,
    check_kernel,
    check_matrix,
    check_same_dtype,
    check_square,
    column_major,
    factorize,
    solve_factored,
    substitute,
)


def narrow(x: Node, dim: int, start: Dim, length: Dim) -> Node:
    return ops.narrow(x, dim, start, length)  # type: ignore[no-any-return]


# Triangular systems


def _triangular_kernel(A: Any, B: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
    if left:
        return substitute(A, B, upper, unitriangular)
    swapped = substitute(np.swapaxes(A, -1, -2), np.swapaxes(B, -1, -2), not upper, unitriangular)
    return np.swapaxes(swapped, -1, -2)


def _triangle(x: Node, upper: bool, unit: bool) -> Node:
    """The part of a matrix that a triangular solve reads."""
    return ops.triu(x, int(unit)) if upper else ops.tril(x, -int(unit))  # type: ignore[no-any-return]


def _triangular_vjp(g: Node, out: Node, A: Node, B: Node, upper: bool, left: bool, unitriangular: bool) -> list[Node]:
    G = TRIANGULAR(mT(A), g, not upper, left, unitriangular)
    product = matrix_product(G, mT(out)) if left else matrix_product(mT(out), G)
    return [-_triangle(product, upper, unitriangular), G]


TRIANGULAR = Primitive(
    "linalg.solve_triangular(A, B, upper: bool, left: bool, unitriangular: bool)",
    _triangular_kernel,
    shape=lambda A, B, *_: B.shape,
    vjp_all=_triangular_vjp,
    grad_fn="LinalgSolveTriangularBackward0",
    layout=column_major,
    text="linalg.solve_triangular(A, B, upper=upper)",
    doc="X with A @ X = B, for operands with the same leading dims.",
)


def _common_batch(A: Node, B: Node) -> tuple[Node, Node]:
    """Both with the leading dims they broadcast to."""
    batch = broadcast(A.shape[:-2], B.shape[:-2])
    return widen(A, (*batch, *A.shape[-2:])), widen(B, (*batch, *B.shape[-2:]))


def _solve_triangular(x: Node, B: Node, upper: bool, left: bool, unitriangular: bool) -> Node:
    name = "linalg.solve_triangular"
    check_square(name, x)
    check_matrix(name, B, 1, "B")
    check_system(name, x, B.shape, left)
    dtype = dtypes.promote(x.dtype, B.dtype)
    A, B = _common_batch(fit(x, x.shape, dtype), fit(B, B.shape, dtype))
    check_kernel("triangular_solve_cpu", A)
    return TRIANGULAR(A, B, upper, left, unitriangular)  # type: ignore[no-any-return]


composite(
    "linalg.solve_triangular(x, B, *, upper: bool, left: bool = True, unitriangular: bool = False)",
    _solve_triangular,
    doc="X with x @ X = B (or X @ x = B) for a triangular x; the other triangle is not looked at.",
    example="linalg.solve_triangular([[2., 0.], [1., 4.]], [[2.], [5.]], upper=False)",
    samples=[
        "linalg.solve_triangular(x + 3*eye(3), y, upper=True); x:3,3 in -1..1, y:3,2",
        "linalg.solve_triangular(x + 3*eye(2), y, upper=False, left=False); x:2,2 in -1..1, y:2,3,2",
        "linalg.solve_triangular(x, y, upper=False, unitriangular=True); x:2,2,2 in -1..1, y:2,2",
    ],
)


def _old_triangular_vjp(
    g: Any, out: Any, x: Node, A: Node, upper: bool, transpose: bool, unitriangular: bool
) -> list[Node | None]:
    onto_A = g[1]
    G = None
    if g[0] is not None:
        own = mT(A) if transpose else A
        G = TRIANGULAR(mT(own), g[0], upper == transpose, True, unitriangular)
        product = -matrix_product(G, mT(out[0]))
        product = _triangle(mT(product) if transpose else product, upper, unitriangular)
        onto_A = product if onto_A is None else onto_A + product
    return [G, onto_A]


OLD_TRIANGULAR = Primitive(
    "triangular_solve(x, A, upper: bool, transpose: bool, unitriangular: bool)",
    lambda x, A, upper, transpose, unitriangular: (
        _triangular_kernel(np.swapaxes(A, -1, -2) if transpose else A, x, upper != transpose, True, unitriangular),
        A,
    ),
    results=lambda x, A, *_: [(x.shape, x.dtype), (A.shape, A.dtype)],
    fields=("solution", "cloned_coefficient"),
    vjp_all=_old_triangular_vjp,
    doc="X with A @ X = x, and A.",
)


def check_old_system(name: str, B: Node, A: Node) -> None:
    """The checks of PyTorch's older solvers, with their messages."""
    if A.shape[-2] != A.shape[-1]:
        raise AutodiffError(
            "not-square",
            f"A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices",
            operands=(1,),
        )
    if A.shape[-1] != B.shape[-2]:
        n = A.shape[-1]
        raise AutodiffError(
            "shape-mismatch",
            f"Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix is {B.shape[-2]} by"
            f" {B.shape[-1]}",
            operands=(0, 1),
        )
    if A.dtype is not B.dtype:
        raise AutodiffError(
            "bad-dtype",
            f"Expected b and A to have the same dtype, but found b of type {B.dtype.long_name} and A of type"
            f" {A.dtype.long_name} instead.",
            operands=(0, 1),
        )


def _triangular_solve(x: Node, A: Node, upper: bool, transpose: bool, unitriangular: bool) -> Results:
    for letter, node, position in (("b", x, 0), ("A", A, 1)):
        if len(node.shape) < 2:
            raise AutodiffError(
                "bad-rank",
                f"torch.triangular_solve: Expected {letter} to have at least 2 dimensions, but it has"
                f" {len(node.shape)} dimensions instead",
                operands=(position,),
            )
    check_old_system("triangular_solve", x, A)
    check_kernel("triangular_solve_cpu", A)
    A, x = _common_batch(A, x)
    return OLD_TRIANGULAR(x, A, upper, transpose, unitriangular)  # type: ignore[no-any-return]


composite(
    "triangular_solve(x, A, upper: bool = True, transpose: bool = False, unitriangular: bool = False)",
    _triangular_solve,
    doc="X with A @ X = x for a triangular A, and A; linalg.solve_triangular is its successor.",
    example="triangular_solve([[2.], [5.]], [[2., 1.], [0., 4.]])[0]",
    samples=[
        "triangular_solve(x, y + 3*eye(2))[0]; x:2,3, y:2,2 in -1..1",
        "triangular_solve(x, y + 3*eye(2), upper=False, transpose=True)[0]; x:2,3, y:2,2 in -1..1",
    ],
)


# Cholesky factors


def _cholesky_solve_kernel(x: Any, L: Any, upper: bool) -> Any:
    other = np.swapaxes(L, -1, -2)
    lower, over = (other, L) if upper else (L, other)
    return substitute(over, substitute(lower, x, False), True)


def _cholesky_solve_vjp(g: Node, out: Node, x: Node, L: Node, upper: bool) -> list[Node]:
    G = CHOLESKY_SOLVE(g, L, upper)
    common = matrix_product(G, mT(out))
    common = common + mT(common)
    return [G, -(matrix_product(L, common) if upper else matrix_product(common, L))]


CHOLESKY_SOLVE = Primitive(
    "cholesky_solve(x, L, upper: bool)",
    _cholesky_solve_kernel,
    shape=lambda x, L, upper: x.shape,
    vjp_all=_cholesky_solve_vjp,
    layout=column_major,
    doc="X with L @ L.T @ X = x, for operands with the same leading dims.",
)


def _cholesky_solve(x: Node, L: Node, upper: bool) -> Node:
    for letter, node, position in (("b", x, 0), ("u", L, 1)):
        if len(node.shape) < 2:
            raise AutodiffError(
                "bad-rank",
                f"{letter} should have at least 2 dimensions, but has {len(node.shape)} dimensions instead",
                operands=(position,),
            )
    check_old_system("cholesky_solve", x, L)
    check_kernel("cholesky_solve_cpu", x)
    L, x = _common_batch(L, x)
    return CHOLESKY_SOLVE(x, L, upper)  # type: ignore[no-any-return]


composite(
    "cholesky_solve(x, L, upper: bool = False)",
    _cholesky_solve,
    doc="X with A @ X = x, given the Cholesky factor L of A.",
    example="cholesky_solve([[2.], [5.]], [[2., 0.], [1., 4.]])",
    samples=[
        "cholesky_solve(x, tril(y) + 3*eye(2)); x:2,3, y:2,2 in -1..1",
        "cholesky_solve(x, triu(y) + 3*eye(2), upper=True); x:2,1, y:2,2,2 in -1..1",
    ],
)


def _cholesky_inverse_vjp(g: Node, out: Node, x: Node, upper: bool) -> Node:
    common = matrix_product(matrix_product(out, g + mT(g)), out)
    return -(matrix_product(x, common) if upper else matrix_product(common, x))


def _check_cholesky_inverse(x: Node, upper: bool) -> None:
    check_square("cholesky_inverse", x)
    check_kernel("cholesky_inverse_out_cpu", x)


primitive(
    "cholesky_inverse(x, upper: bool = False)",
    lambda x, upper: _cholesky_solve_kernel(np.eye(x.shape[-1], dtype=x.dtype), x, upper),
    check=_check_cholesky_inverse,
    shape=lambda x, upper: x.shape,
    vjp=[_cholesky_inverse_vjp],
    layout=column_major,
    doc="The inverse of A, given its Cholesky factor x.",
    example="cholesky_inverse([[2., 0.], [1., 4.]])",
    samples=[
        "cholesky_inverse(tril(x) + 3*eye(2)); x:2,2 in -1..1",
        "cholesky_inverse(triu(x) + 3*eye(2), upper=True); x:2,2,2 in -1..1",
    ],
)


# LU factors


def _leading(n: Dim, x: Node, dim: int) -> Node:
    return x if x.shape[dim] == n else narrow(x, dim, 0, n)


def lu_pullback(gL: Node | None, gU: Node | None, P: Node, L: Node, U: Node) -> Node:
    """The cotangent of A = P @ L @ U. Source: PyTorch's `linalg_lu_backward`."""
    m, n = L.shape[-2], U.shape[-1]
    product = matrix_product
    if gL is None:
        gL = ops.zeros_like(L)
    if gU is None:
        gU = ops.zeros_like(U)
    if m == n:
        inner = ops.tril(product(mT(L), gL), -1) + ops.triu(product(gU, mT(U)))
        inner = TRIANGULAR(mT(U), inner, False, False, False)
        return product(P, TRIANGULAR(mT(L), inner, True, True, True))
    if L.shape[-1] == m:
        inner = ops.tril(product(mT(L), gL) - product(ops.triu(gU), mT(U)), -1)
        first = TRIANGULAR(mT(narrow(U, -1, 0, m)), inner, False, False, False) + ops.triu(narrow(gU, -1, 0, m))
        whole = ops.cat([first, narrow(gU, -1, m, n - m)], -1)
        return product(P, TRIANGULAR(mT(L), whole, True, True, True))
    inner = ops.triu(product(gU, mT(U)) - product(mT(L), ops.tril(gL, -1)))
    first = TRIANGULAR(mT(narrow(L, -2, 0, n)), inner, True, True, True) + ops.tril(narrow(gL, -2, 0, n), -1)
    whole = ops.cat([first, narrow(gL, -2, n, m - n)], -2)
    return product(P, TRIANGULAR(mT(U), whole, False, False, False))


def _unpacked(lu: Any) -> tuple[Any, Any]:
    m, n = lu.shape[-2:]
    k = min(m, n)
    L = np.tril(lu[..., :, :k], -1)
    i = np.arange(k)
    L[..., i, i] = 1
    return L, np.triu(lu[..., :k, :])


def _permutation(rows: Any, dtype: Any) -> Any:
    """P with P @ (A's rows in that order) = A."""
    return np.swapaxes(np.eye(rows.shape[-1], dtype=dtype)[rows], -1, -2)


def _factor_shapes(A: Node, *_: Any) -> list[tuple[Shape, dtypes.DType]]:
    m, n = A.shape[-2:]
    k = n if m == n else min(m, n)  # type: ignore[type-var]
    return [((*A.shape[:-2], m, k), A.dtype), ((*A.shape[:-2], k, n), A.dtype)]


PERMUTATION = Primitive(
    "permutation(A)",
    lambda A: _permutation(factorize(A).rows, A.dtype),
    shape=lambda A: (*A.shape[:-1], A.shape[-2]),
    doc="The permutation that pivoting makes of the rows.",
)
LU = Primitive(
    "linalg.lu(A)",
    lambda A: _unpacked(factorize(A).lu),
    results=_factor_shapes,
    fields=("L", "U"),
    vjp_all=lambda g, out, A: [lu_pullback(g[0], g[1], PERMUTATION(A), out[0], out[1])],
    grad_fn="LinalgLuBackward0",
    doc="The lower and upper factors of A with rows exchanged.",
)


def _check_lu(name: str, A: Node, pivot: bool) -> None:
    if len(A.shape) < 2:
        raise AutodiffError(
            "bad-rank", f"{name}: Expected tensor with 2 or more dimensions. Got size: {show(A.shape)} instead", operands=(0,)
        )
    check_kernel("lu_cpu", A)
    if not pivot:
        raise AutodiffError(
            "bad-value", f"{name.removeprefix('torch.')}: LU without pivoting is not implemented on the CPU", operands=(1,)
        )


def _lu(A: Node, pivot: bool) -> Results:
    _check_lu("linalg.lu", A, pivot)
    return Results.of("linalg.lu", ("P", "L", "U"), [PERMUTATION(A), *LU(A)])


composite(
    "linalg.lu(A, *, pivot: bool = True)",
    _lu,
    doc="P, L, U with P @ L @ U = A: a permutation, a unit lower-triangular and an upper-triangular matrix.",
    example="linalg.lu([[1., 2.], [3., 4.]]).U",
    samples=["linalg.lu(x)[1]; x:3,3", "linalg.lu(x)[2]; x:3,2", "linalg.lu(x)[2]; x:2,2,3"],
)


def _lu_factor_vjp(g: Any, out: Any, A: Node, checked: bool) -> list[Node | None]:
    if g[0] is None:
        return [None]
    m, n = A.shape[-2:]
    k = n if m == n else min(m, n)  # type: ignore[type-var]
    LU_ = out[0]
    lower = ops.tril(_leading(k, LU_, -1), -1) + ops.eye(m, k, dtype=A.dtype)
    upper = ops.triu(_leading(k, LU_, -2))
    return [lu_pullback(_leading(k, g[0], -1), _leading(k, g[0], -2), PERMUTATION(A), lower, upper)]


def _lu_factor_kernel(A: Any, checked: bool) -> Any:
    factors = factorize(A)
    bad = np.flatnonzero(factors.info) if checked else np.empty(0)
    if bad.size:
        pivot = factors.info.reshape(-1)[bad[0]]
        where = f"(Batch element {bad[0]}): " if A.ndim > 2 else ""
        raise AutodiffError(
            "singular-matrix",
            f"torch.linalg.lu_factor: {where}U[{pivot},{pivot}] is zero and using it on lu_solve would result in a division"
            " by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or"
            " linalg.lu_factor_ex(A, pivot)",
            operands=(0,),
        )
    return factors.lu, factors.pivots, factors.info


LU_FACTOR = Primitive(
    "linalg.lu_factor(A, checked: bool)",
    _lu_factor_kernel,
    results=lambda A, checked: [
        (A.shape, A.dtype),
        ((*A.shape[:-2], *_factor_shapes(A)[0][0][-1:]), dtypes.int32),
        (A.shape[:-2], dtypes.int32),
    ],
    vjp_all=_lu_factor_vjp,
    grad_fn="LinalgLuFactorExBackward0",
    doc="L and U packed in one matrix, the exchanges of rows, and the first zero pivot.",
)


def _lu_factor(name: str, checked: bool, fields: tuple[str, ...]) -> Any:
    def function(A: Node, pivot: bool) -> Results:
        _check_lu("torch.lu_factor", A, True)
        _check_lu("linalg.lu_factor", A, pivot)
        return Results.of(name, fields, LU_FACTOR(A, checked)[: len(fields)])

    return function


for _name, _checked, _fields in (
    ("linalg.lu_factor", True, ("LU", "pivots")),
    ("linalg.lu_factor_ex", False, ("LU", "pivots", "info")),
):
    composite(
        f"{_name}(A, *, pivot: bool = True)",
        _lu_factor(_name, _checked, _fields),
        aliases=["lu"] if _checked else [],
        doc="L and U packed in one matrix, and the exchanges of rows, counted from one.",
        example=f"{_name}([[1., 2.], [3., 4.]])[0]",
        samples=[f"{_name}(x)[0]; x:3,3", f"{_name}(x)[0]; x:2,3,2", f"{_name}(x)[0]; x:2,3"],
    )


def _rows_of(pivots: Any, m: int) -> Any:
    """The order of rows that a sequence of exchanges makes."""
    batch = pivots.shape[:-1]
    rows = np.broadcast_to(np.arange(m), (*batch, m)).copy()
    for k in range(pivots.shape[-1]):
        place = pivots[..., k, None].astype(np.int64) - 1
        other = np.take_along_axis(rows, place, -1)
        np.put_along_axis(rows, place, rows[..., k : k + 1].copy(), -1)
        rows[..., k : k + 1] = other
    return rows


EXCHANGES = Primitive(
    "permutation(pivots, LU)",
    lambda pivots, LU: _permutation(_rows_of(pivots, LU.shape[-2]), LU.dtype),
    shape=lambda pivots, LU: (*LU.shape[:-1], LU.shape[-2]),
    dtype=lambda pivots, LU: LU.dtype,
    doc="The permutation matrix of a sequence of exchanges of rows.",
)


def _lu_solve_kernel(LU: Any, pivots: Any, B: Any, left: bool, adjoint: bool) -> Any:
    if not left:
        return np.swapaxes(_lu_solve_kernel(LU, pivots, np.swapaxes(B, -1, -2), True, not adjoint), -1, -2)
    rows = _rows_of(pivots, LU.shape[-1])
    if not adjoint:
        return solve_factored(Factors(LU, np.broadcast_to(rows, (*LU.shape[:-2], LU.shape[-1])), 1, 0, pivots), B)
    over = np.swapaxes(LU, -1, -2)
    X = substitute(over, substitute(over, B, False), True, True)
    result = np.empty_like(X)
    np.put_along_axis(result, np.broadcast_to(rows[..., None], X.shape), X, axis=-2)
    return result


def _lu_solve_vjp(g: Node, out: Node, LU: Node, pivots: Node, B: Node, left: bool, adjoint: bool) -> list[Node | None]:
    G = LU_SOLVE(LU, pivots, g, left, not adjoint)
    product = matrix_product
    onto = -(product(G, mT(out)) if left else product(mT(out), G))
    PtA = product(mT(EXCHANGES(pivots, LU)), mT(onto) if adjoint else onto)
    lower = ops.tril(LU, -1) + ops.eye(LU.shape[-1], dtype=LU.dtype)
    gL = product(PtA, mT(ops.triu(LU)))
    return [ops.tril(gL, -1) + ops.triu(product(mT(lower), PtA)), None, G]


LU_SOLVE = Primitive(
    "linalg.lu_solve(LU, pivots, B, left: bool, adjoint: bool)",
    _lu_solve_kernel,
    shape=lambda LU, pivots, B, left, adjoint: B.shape,
    vjp=[
        lambda g, out, *args: _lu_solve_vjp(g, out, *args)[0],
        none,
        lambda g, out, *args: _lu_solve_vjp(g, out, *args)[2],
    ],
    grad_fn="LinalgLuSolveBackward0",
    layout=column_major,
    doc="X with A @ X = B, for A given as LU and pivots; operands have the same leading dims.",
)


def _lu_solve(LU: Node, pivots: Node, B: Node, left: bool, adjoint: bool) -> Node:
    name = "linalg.lu_solve"
    check_square("torch.linalg.lu_solve", LU)
    check_matrix(name, B, 2, "B")
    check_same_dtype(name, LU, B, ("LU", "B"))
    if pivots.dtype is not dtypes.int32:
        raise AutodiffError(
            "bad-dtype", "linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32", operands=(1,)
        )
    if LU.dtype not in (dtypes.float32, dtypes.float64):
        raise not_implemented("lu_solve_cpu", LU.dtype)
    check_system(name, LU, B.shape, left)
    if pivots.shape != LU.shape[:-1]:
        raise AutodiffError(
            "shape-mismatch",
            "linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix",
            operands=(1,),
        )
    LU, B = _common_batch(LU, B)
    return LU_SOLVE(LU, widen(pivots, LU.shape[:-1]), B, left, adjoint)  # type: ignore[no-any-return]


composite(
    "linalg.lu_solve(LU, pivots, B, *, left: bool = True, adjoint: bool = False)",
    _lu_solve,
    doc="X with A @ X = B, X @ A = B, or A.T in the place of A, for A as linalg.lu_factor gives it.",
    example="linalg.lu_solve(linalg.lu_factor([[1., 2.], [3., 4.]])[0], linalg.lu_factor([[1., 2.], [3., 4.]])[1], [[5.], [6.]])",
    samples=[
        "linalg.lu_solve(linalg.lu_factor(x + 3*eye(2))[0], linalg.lu_factor(x + 3*eye(2))[1], y); x:2,2 in -1..1, y:2,3",
    ],
)
composite(
    "lu_solve(b, LU_data, LU_pivots)",
    lambda b, LU_data, LU_pivots: _lu_solve(LU_data, LU_pivots, b, True, False),
    doc="X with A @ X = b, for A as lu gives it; linalg.lu_solve is its successor.",
    example="lu_solve([[5.], [6.]], linalg.lu_factor([[1., 2.], [3., 4.]])[0], linalg.lu_factor([[1., 2.], [3., 4.]])[1])",
)
