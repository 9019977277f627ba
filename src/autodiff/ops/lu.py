"""LU factors, and what is solved with them."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, none
from autodiff.graph.sizes import Dim, Shape, show
from autodiff.ops.checks import not_implemented
from autodiff.ops.linalg import check_system
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import (
    Factors,
    check_kernel,
    check_matrix,
    check_same_dtype,
    check_square,
    column_major,
    factorize,
    narrow,
    solve_factored,
    substitute,
    widen,
)
from autodiff.ops.triangular import TRIANGULAR, common_batch


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
        inner = ops.tril(product(transposed(L), gL), -1) + ops.triu(product(gU, transposed(U)))
        inner = TRIANGULAR(transposed(U), inner, False, False, False)
        return product(P, TRIANGULAR(transposed(L), inner, True, True, True))
    if L.shape[-1] == m:
        inner = ops.tril(product(transposed(L), gL) - product(ops.triu(gU), transposed(U)), -1)
        first = TRIANGULAR(transposed(narrow(U, -1, 0, m)), inner, False, False, False) + ops.triu(narrow(gU, -1, 0, m))
        whole = ops.cat([first, narrow(gU, -1, m, n - m)], -1)
        return product(P, TRIANGULAR(transposed(L), whole, True, True, True))
    inner = ops.triu(product(gU, transposed(U)) - product(transposed(L), ops.tril(gL, -1)))
    first = TRIANGULAR(transposed(narrow(L, -2, 0, n)), inner, True, True, True) + ops.tril(narrow(gL, -2, 0, n), -1)
    whole = ops.cat([first, narrow(gL, -2, n, m - n)], -2)
    return product(P, TRIANGULAR(transposed(U), whole, False, False, False))


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
    k = n if m == n else min(m, n)
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
            "bad-rank",
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {show(A.shape)} instead",
            operands=(0,),
        )
    check_kernel("lu_cpu", A)
    if not pivot:
        raise AutodiffError(
            "bad-value",
            f"{name.removeprefix('torch.')}: LU without pivoting is not implemented on the CPU",
            operands=(1,),
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
    k = n if m == n else min(m, n)
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
            f"torch.linalg.lu_factor: {where}U[{pivot},{pivot}] is zero and using it on lu_solve would result in a"
            " division by zero. If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or"
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
        doc="L and U packed in one matrix, and the exchanges of rows, counted from one.",
        example=f"{_name}([[1., 2.], [3., 4.]])[0]",
        samples=[f"{_name}(x)[0]; x:3,3", f"{_name}(x)[0]; x:2,3,2", f"{_name}(x)[0]; x:2,3"],
    )


def _old_lu(A: Node, pivot: bool, get_infos: bool) -> Results:
    return Results.of("lu", ("LU", "pivots", "info")[: 2 + get_infos], ops.linalg_lu_factor_ex(A, pivot=pivot))


composite(
    "lu(A, pivot: bool = True, get_infos: bool = False)",
    _old_lu,
    doc="L and U packed in one matrix, and the exchanges of rows; linalg.lu_factor is its successor.",
    example="lu([[1., 2.], [3., 4.]])[0]",
    samples=["lu(x)[0]; x:3,3", "lu(x, True, True)[0]; x:2,2,2"],
)


def _rows_of(pivots: Any, m: int) -> Any:
    """The order of rows that a sequence of exchanges makes; raises for rows that there are not."""
    if (pivots < 1).any() or (pivots > m).any():
        raise AutodiffError(
            "bad-value",
            "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result"
            " of lu_factor?",
            operands=(1,),
        )
    batch = pivots.shape[:-1]
    rows = np.broadcast_to(np.arange(m), (*batch, m)).copy()
    for k in range(min(pivots.shape[-1], m)):  # there is no row left to exchange after the last
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


# Factors out of their packing


def _unpack_rule(g: Any, out: Any, LU: Node) -> list[Node | None]:
    """Each element of LU is one of L or of U; a part without a cotangent stays empty."""
    gL, gU = g
    m, n = LU.shape[-2:]
    parts = []
    for part, triangle in ((gL, lambda x: ops.tril(x, -1)), (gU, ops.triu)):
        if part is not None:
            rows, columns = part.shape[-2:]
            part = triangle(part)
            if columns != n:
                part = ops.cat([part, ops.zeros((*part.shape[:-1], n - columns), dtype=part.dtype)], -1)
            if rows != m:
                part = ops.cat([part, ops.zeros((*part.shape[:-2], m - rows, n), dtype=part.dtype)], -2)
            parts.append(part)
    return [parts[0] if len(parts) == 1 else parts[0] + parts[1] if parts else None]


UNPACK = Primitive(
    "lu_unpack(LU)",
    lambda LU: _unpacked(np.asarray(LU)),
    results=lambda LU: _factor_shapes(LU),
    fields=("L", "U"),
    vjp_all=_unpack_rule,
    grad_fn="LuUnpackBackward0",
    doc="The lower and upper factors that are packed in one matrix.",
)


def _lu_unpack(LU: Node, pivots: Node, unpack_data: bool, unpack_pivots: bool) -> Results:
    check_matrix("torch.lu_unpack", LU)
    if unpack_pivots and pivots.dtype is not dtypes.int32:
        raise AutodiffError(
            "bad-dtype",
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.",
            operands=(1,),
            help="give it the pivots of linalg.lu_factor as they are",
        )
    nothing = ops.zeros((0,), dtype=LU.dtype)
    P = EXCHANGES(pivots, LU) if unpack_pivots else nothing
    L, U = UNPACK(LU) if unpack_data else (nothing, nothing)
    return Results.of("lu_unpack", ("P", "L", "U"), [P, L, U])


composite(
    "lu_unpack(LU_data, LU_pivots, unpack_data: bool = True, unpack_pivots: bool = True)",
    _lu_unpack,
    doc="P, L, U with P @ L @ U = A, for A as linalg.lu_factor gives it; parts that are not unpacked are empty.",
    example="lu_unpack([[3., 4.], [0.5, 2.]], tensor([2, 2], dtype=int32)).L",
    samples=[
        "lu_unpack(x, tensor([2, 2], dtype=int32))[1]; x:3,2",
        "lu_unpack(x, tensor([2, 2], dtype=int32)).U; x:2,3",
        "lu_unpack(x, tensor([[1, 2], [2, 2]], dtype=int32))[2]; x:2,2,2",
    ],
)


# Systems


def _lu_solve_kernel(LU: Any, pivots: Any, B: Any, left: bool, adjoint: bool) -> Any:
    for wrong, bound in (
        (pivots < 1, "greater or equal to 1"),
        (pivots > LU.shape[-2], "smaller or equal to LU.size(-2)"),
    ):
        if wrong.any():
            message = f"Pivots given to lu_solve must all be {bound}. Did you properly pass the result of lu_factor?"
            raise AutodiffError("bad-value", message, operands=(1,))
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
    onto = -(product(G, transposed(out)) if left else product(transposed(out), G))
    PtA = product(transposed(EXCHANGES(pivots, LU)), transposed(onto) if adjoint else onto)
    lower = ops.tril(LU, -1) + ops.eye(LU.shape[-1], dtype=LU.dtype)
    gL = product(PtA, transposed(ops.triu(LU)))
    return [ops.tril(gL, -1) + ops.triu(product(transposed(lower), PtA)), None, G]


LU_SOLVE: Primitive = Primitive(
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
    LU, B = common_batch(LU, B)
    return LU_SOLVE(LU, widen(pivots, LU.shape[:-1]), B, left, adjoint)  # type: ignore[no-any-return]


composite(
    "linalg.lu_solve(LU, pivots, B, *, left: bool = True, adjoint: bool = False)",
    _lu_solve,
    doc="X with A @ X = B, X @ A = B, or A.T in the place of A, for A as linalg.lu_factor gives it.",
    example="linalg.lu_solve([[3., 4.], [0.5, 2.]], tensor([2, 2], dtype=int32), [[5.], [6.]])",
    samples=[
        "linalg.lu_solve(x + 3*eye(2), tensor([2, 2], dtype=int32), y); x:2,2 in -1..1, y:2,3",
        "linalg.lu_solve(x + 3*eye(2), tensor([1, 2], dtype=int32), y, left=False); x:2,2 in -1..1, y:3,2",
        "linalg.lu_solve(x + 3*eye(2), tensor([2, 2], dtype=int32), y, adjoint=True); x:2,2 in -1..1, y:2,1",
    ],
)
composite(
    "lu_solve(b, LU_data, LU_pivots)",
    lambda b, LU_data, LU_pivots: _lu_solve(LU_data, LU_pivots, b, True, False),
    doc="X with A @ X = b, for A as lu gives it; linalg.lu_solve is its successor.",
    example="lu_solve([[5.], [6.]], [[3., 4.], [0.5, 2.]], tensor([2, 2], dtype=int32))",
    samples=["lu_solve(x, y + 3*eye(2), tensor([2, 2], dtype=int32)); x:2,3, y:2,2 in -1..1"],
)
