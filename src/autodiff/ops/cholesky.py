"""Cholesky factors, and what is solved with them."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, primitive
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import check_floating, check_kernel, check_square, column_major, substitute
from autodiff.ops.triangular import check_old_system, common_batch


def _cholesky_failure(name: str, A: Any) -> AutodiffError:
    """The error for the first matrix that is not positive-definite, with the order of the minor that is not."""
    for position, matrix in enumerate(A.reshape(-1, *A.shape[-2:])):
        L = np.zeros_like(matrix)
        for j in range(matrix.shape[-1]):
            rest = matrix[j:, j] - L[j:, :j] @ L[j, :j]
            if not rest[0] > 0:
                where = f"(Batch element {position}): " if A.ndim > 2 else ""
                return AutodiffError(
                    "not-positive-definite",
                    f"{name}: {where}The factorization could not be completed because the input is not"
                    f" positive-definite (the leading minor of order {j + 1} is not positive-definite).",
                    type="LinAlgError",
                    operands=(0,),
                    help="a covariance that is nearly singular may need a little more on its diagonal: A + 1e-6*eye(n)",
                )
            L[j:, j] = rest / np.sqrt(rest[0])
    return AutodiffError("not-positive-definite", f"{name}: the factorization failed", type="LinAlgError")


def _cholesky_kernel(name: str) -> Any:
    def kernel(A: Any, upper: bool) -> Any:
        lower = np.swapaxes(A, -1, -2) if upper else A
        try:
            L = np.linalg.cholesky(lower)
        except np.linalg.LinAlgError:
            raise _cholesky_failure(name, lower) from None
        return np.swapaxes(L, -1, -2) if upper else L

    return kernel


def _cholesky_vjp(g: Node, out: Node, x: Node, upper: bool) -> Node:
    """L^-T sym(tril(L^T g)) L^-1. Source: Murray, Differentiation of the Cholesky decomposition, 2016."""
    L, gL = (transposed(out), transposed(g)) if upper else (out, g)
    inner = ops.tril(matrix_product(transposed(L), gL))
    inner = (inner + transposed(ops.tril(inner, -1))) * 0.5
    half = ops.linalg_solve_triangular(transposed(L), inner, upper=True)
    return ops.linalg_solve_triangular(L, half, upper=False, left=False)  # type: ignore[no-any-return]


for _name, _grad_fn, _keyword in (
    ("linalg.cholesky", "LinalgCholeskyExBackward0", "*, "),
    ("cholesky", "CholeskyBackward0", ""),
):

    def _check_cholesky(x: Node, upper: bool, name: str = _name) -> None:
        check_square(name, x)
        if name != "cholesky":
            check_floating(name, x)
        check_kernel("cholesky_cpu", x)

    primitive(
        f"{_name}(x, {_keyword}upper: bool = False)",
        _cholesky_kernel(_name),
        check=_check_cholesky,
        shape=lambda x, upper: x.shape,
        vjp=[_cholesky_vjp],
        grad_fn=_grad_fn,
        layout=column_major,
        doc="The lower-triangular L with L @ L.T = x, or the upper one; the gradient is symmetric, as x should be.",
        example=f"{_name}([[4., 2.], [2., 3.]])",
        samples=[
            f"{_name}(x @ x.T + 3*eye(3)); x:3,3",
            f"{_name}(x @ x.mT + 3*eye(2), upper=True); x:2,2,2",
        ],
    )


def _as_far_as_possible(A: Any) -> tuple[Any, int]:
    """A lower factor, and the order of the minor that is not positive-definite (zero where all are).

    What could not be factored is left as it was, its pivot reduced, as LAPACK leaves it.
    """
    L = np.tril(A)
    for j in range(len(L)):
        pivot = L[j, j] - L[j, :j] @ L[j, :j]
        if not pivot > 0:
            L[j, j] = pivot
            return L, j + 1
        L[j, j] = np.sqrt(pivot)
        L[j + 1 :, j] = (L[j + 1 :, j] - L[j + 1 :, :j] @ L[j, :j]) / L[j, j]
    return L, 0


def _cholesky_ex_kernel(A: Any, upper: bool, check_errors: bool) -> Any:
    lower = np.swapaxes(A, -1, -2) if upper else A
    info = np.zeros(A.shape[:-2], np.int32)
    try:
        L = np.linalg.cholesky(lower)
    except np.linalg.LinAlgError:
        if check_errors:
            raise _cholesky_failure("linalg.cholesky_ex", lower) from None
        found = [_as_far_as_possible(matrix) for matrix in lower.reshape(-1, *A.shape[-2:])]
        L = np.reshape([factor for factor, _ in found], A.shape)
        info = np.reshape(np.asarray([order for _, order in found], np.int32), A.shape[:-2])
    return (np.swapaxes(L, -1, -2) if upper else L), info


def _check_cholesky_ex(x: Node, upper: bool, check_errors: bool) -> None:
    check_square("linalg.cholesky_ex", x)
    check_floating("linalg.cholesky_ex", x)
    check_kernel("cholesky_cpu", x)


primitive(
    "linalg.cholesky_ex(x, *, upper: bool = False, check_errors: bool = False)",
    _cholesky_ex_kernel,
    check=_check_cholesky_ex,
    results=lambda x, *_: [(x.shape, x.dtype), (x.shape[:-2], dtypes.int32)],
    fields=("L", "info"),
    vjp_all=lambda g, out, x, upper, check_errors: [None if g[0] is None else _cholesky_vjp(g[0], out[0], x, upper)],
    grad_fn="LinalgCholeskyExBackward0",
    doc="The lower-triangular L with L @ L.T = x (or the upper one), and the order of the first minor that is not"
    " positive-definite (zero where all are); no error where there is one.",
    example="linalg.cholesky_ex([[4., 2.], [2., 3.]]).L",
    samples=[
        "linalg.cholesky_ex(x @ x.T + 3*eye(3))[0]; x:3,3",
        "linalg.cholesky_ex(x @ x.mT + 3*eye(2), upper=True).L; x:2,2,2",
    ],
)


def _cholesky_solve_kernel(x: Any, L: Any, upper: bool) -> Any:
    other = np.swapaxes(L, -1, -2)
    lower, over = (other, L) if upper else (L, other)
    return substitute(over, substitute(lower, x, False), True)


def _cholesky_solve_vjp(g: Node, out: Node, x: Node, L: Node, upper: bool) -> list[Node]:
    G = CHOLESKY_SOLVE(g, L, upper)
    common = matrix_product(G, transposed(out))
    common = common + transposed(common)
    return [G, -(matrix_product(L, common) if upper else matrix_product(common, L))]


CHOLESKY_SOLVE: Primitive = Primitive(
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
    L, x = common_batch(L, x)
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
    common = matrix_product(matrix_product(out, g + transposed(g)), out)
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
