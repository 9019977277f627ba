"""Decompositions of matrices: QR, singular values, eigenvalues of symmetric matrices.

Vectors are determined up to a sign (or a rotation, where values repeat); gradients are those of functions that do not
depend on the choice, as in PyTorch.
"""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph.composite import composite
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive
from autodiff.graph.sizes import Shape
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import check_factorizable, check_kernel, check_square, narrow, no_convergence, smaller
from autodiff.ops.triangular import TRIANGULAR

# QR


def _qr_shapes(A: Node, mode: str) -> list[tuple[Shape, Any]]:
    m, n = A.shape[-2:]
    inner = m if mode == "complete" else smaller(m, n)
    first: Shape = (0,) if mode == "r" else (*A.shape[:-2], m, inner)
    return [(first, A.dtype), ((*A.shape[:-2], inner, n), A.dtype)]


def _qr_kernel(A: Any, mode: Any) -> Any:
    if mode == "r":
        return np.zeros(0, A.dtype), np.linalg.qr(A, "r")
    return tuple(np.linalg.qr(A, mode))


def _square_qr_pullback(gQ: Node | None, gR: Node | None, Q: Node, R: Node) -> Node:
    product = matrix_product
    inner = None if gR is None else product(gR, transposed(R))
    if gQ is not None:
        part = product(transposed(Q), gQ)
        inner = -part if inner is None else inner - part
    assert inner is not None
    result = product(Q, ops.triu(inner) + transposed(ops.triu(inner, 1)))
    if gQ is not None:
        result = result + gQ
    return TRIANGULAR(transposed(R), result, False, False, False)  # type: ignore[no-any-return]


def _qr_vjp(g: Any, out: Any, A: Node, mode: str) -> list[Node]:
    gQ, gR = g
    Q, R = out
    m, n = A.shape[-2:]
    if mode == "r":
        raise AutodiffError(
            "not-differentiable",
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A,"
            " mode='reduced') if you are going to differentiate through linalg.qr.",
        )
    if mode == "complete" and m != n and m > n:
        raise AutodiffError(
            "not-differentiable",
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.",
        )
    if m == n or m > n:
        return [_square_qr_pullback(gQ, gR, Q, R)]
    # A = [Q @ R1, Q @ R2]: a square decomposition, and a product.
    first = narrow(R, -1, 0, m)
    if gR is None:
        return [ops.cat([_square_qr_pullback(gQ, None, Q, first), ops.zeros_like(narrow(A, -1, m, n - m))], -1)]
    beyond = narrow(gR, -1, m, n - m)
    onto_Q = matrix_product(narrow(A, -1, m, n - m), transposed(beyond))
    gQ = onto_Q if gQ is None else gQ + onto_Q
    return [ops.cat([_square_qr_pullback(gQ, narrow(gR, -1, 0, m), Q, first), matrix_product(Q, beyond)], -1)]


QR = Primitive(
    "linalg.qr(A, mode: str)",
    _qr_kernel,
    check=check_factorizable("linalg.qr", "geqrf_cpu", square=False),
    results=_qr_shapes,
    fields=("Q", "R"),
    vjp_all=_qr_vjp,
    grad_fn="LinalgQrBackward0",
    doc="An orthogonal and an upper-triangular factor.",
)


def _qr(A: Node, mode: str) -> Results:
    if mode not in ("reduced", "complete", "r"):
        raise AutodiffError(
            "bad-value",
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'",
            operands=(1,),
        )
    return QR(A, mode)  # type: ignore[no-any-return]


composite(
    "linalg.qr(A, mode: str = 'reduced')",
    _qr,
    doc="Q, R with Q @ R = A: Q has orthonormal columns, R is upper-triangular.",
    example="linalg.qr([[1., 2.], [3., 4.]]).R",
    samples=["linalg.qr(x)[0]; x:3,2", "linalg.qr(x).R; x:3,3", "linalg.qr(x)[1]; x:2,2,3", "linalg.qr(x).Q; x:2,3"],
)
composite(
    "qr(x, some: bool = True)",
    lambda x, some: QR(x, "reduced" if some else "complete"),
    doc="Q, R with Q @ R = x; linalg.qr is its successor.",
    example="qr([[1., 2.], [3., 4.]])[1]",
    samples=["qr(x)[1]; x:3,2"],
)


# Singular values


def _svd_shapes(A: Node, full: bool) -> list[tuple[Shape, Any]]:
    m, n = A.shape[-2:]
    k = smaller(m, n)
    lead = A.shape[:-2]
    rows, columns = (m, n) if full else (k, k)
    return [((*lead, m, rows), A.dtype), ((*lead, k), A.dtype), ((*lead, columns, n), A.dtype)]


def _svd_kernel(A: Any, full: bool) -> Any:
    if not np.isfinite(A).all():
        raise no_convergence("linalg.svd")
    try:
        return tuple(np.linalg.svd(A, full_matrices=full))
    except np.linalg.LinAlgError:
        raise no_convergence("linalg.svd") from None


def _columns(x: Node) -> Node:
    """A vector a matrix, as a factor of its columns."""
    return ops.unsqueeze(x, -2)  # type: ignore[no-any-return]


def _rows(x: Node) -> Node:
    return ops.unsqueeze(x, -1)  # type: ignore[no-any-return]


def _skew(x: Node) -> Node:
    return x - transposed(x)


def _svd_vjp(g: Any, out: Any, A: Node, full: bool) -> list[Node | None]:
    """Source: PyTorch's `svd_backward`, for real matrices."""
    gU, gS, gVh = g
    U, S, Vh = out
    m, n = A.shape[-2:]
    k = smaller(m, n)
    if full and m != n:
        U, Vh = narrow(U, -1, 0, k), narrow(Vh, -2, 0, k)
        gU = None if gU is None else narrow(gU, -1, 0, k)
        gVh = None if gVh is None else narrow(gVh, -2, 0, k)
    product = matrix_product
    if gU is None and gVh is None:
        return [None if gS is None else product(U * _columns(gS), Vh)]
    one = ops.eye(k, dtype=A.dtype)
    squares = S * S
    gaps = _columns(squares) - _rows(squares) + one  # the diagonal of what is divided by them is zero
    inner: Any = None
    if gU is not None:
        inner = _skew(product(transposed(U), gU)) / gaps * _columns(S)
    if gVh is not None:
        part = _rows(S) * (_skew(product(Vh, transposed(gVh))) / gaps)
        inner = part if inner is None else inner + part
    if gS is not None:
        inner = inner + _rows(gS) * one
    result = product(product(U, inner), Vh)
    if gU is not None and m != k:
        scaled = gU / _columns(S)
        result = result + product(scaled - product(U, product(transposed(U), scaled)), Vh)
    if gVh is not None and n != k:
        scaled = gVh / _rows(S)
        result = result + product(U, scaled - product(product(scaled, transposed(Vh)), Vh))
    return [result]


SVD = Primitive(
    "linalg.svd(A, full_matrices: bool)",
    _svd_kernel,
    check=check_factorizable("linalg.svd", "linalg_svd_cpu", square=False),
    results=_svd_shapes,
    fields=("U", "S", "Vh"),
    vjp_all=_svd_vjp,
    grad_fn="LinalgSvdBackward0",
    doc="Singular vectors and values.",
)
composite(
    "linalg.svd(A, full_matrices: bool = True, *, driver: str? = None)",
    lambda A, full_matrices, driver: SVD(A, full_matrices),
    doc="U, S, Vh with U @ diag(S) @ Vh = A; S falls. Vectors have gradients where the values differ.",
    example="linalg.svd([[1., 2.], [3., 4.]]).S",
    samples=[
        "linalg.svd(x).S; x:3,2",
        "linalg.svd(x, False)[0]^2; x:3,2",
        "linalg.svd(x, False).Vh^2; x:2,3",
        "linalg.svd(x)[2]^2; x:2,2,2",
    ],
)
composite(
    "linalg.svdvals(A, *, driver: str? = None)",
    lambda A, driver: SVD(A, False)[1],
    doc="Singular values, falling.",
    example="linalg.svdvals([[1., 2.], [3., 4.]])",
    samples=["linalg.svdvals(x); x:3,2", "linalg.svdvals(x); x:2,2,3"],
)


def _old_svd(x: Node, some: bool, compute_uv: bool) -> Results:
    U, S, Vh = SVD(x, not some)
    if not compute_uv:
        U, Vh = ops.zeros_like(U), ops.zeros_like(Vh)
    return Results.of(
        "svd", ("U", "S", "V"), [U, S, transposed(Vh) if len(Vh.shape) > 2 else ops.transpose(Vh, -2, -1)]
    )


composite(
    "svd(x, some: bool = True, compute_uv: bool = True)",
    _old_svd,
    doc="U, S, V with U @ diag(S) @ V.T = x; linalg.svd is its successor.",
    example="svd([[1., 2.], [3., 4.]])[1]",
    samples=["svd(x)[1]; x:3,2", "svd(x)[2]^2; x:2,3"],
)


# Eigenvalues of symmetric matrices


def _eigh_kernel(x: Any, UPLO: Any) -> Any:
    read = np.tril(x) if UPLO.upper() == "L" else np.triu(x)
    if not np.isfinite(read).all():
        return np.full(x.shape[:-1], np.nan, x.dtype), np.full(x.shape, np.nan, x.dtype)
    try:
        return tuple(np.linalg.eigh(read, UPLO))
    except np.linalg.LinAlgError:
        raise no_convergence("linalg.eigh") from None


def _eigh_vjp(g: Any, out: Any, x: Node, UPLO: str) -> list[Node | None]:
    gL, gV = g
    L, V = out
    product = matrix_product
    if gV is None:
        return [None if gL is None else product(V * _columns(gL), transposed(V))]
    one = ops.eye(x.shape[-1], dtype=x.dtype)
    inner = 0.5 * _skew(product(transposed(V), gV)) / (_columns(L) - _rows(L) + one)
    if gL is not None:
        inner = inner + _rows(gL) * one
    return [product(product(V, inner), transposed(V))]


def _check_eigh(x: Node, UPLO: str) -> tuple[Node, str]:
    check_square("linalg.eigh", x)
    if UPLO.upper() not in ("L", "U"):
        raise AutodiffError("bad-value", f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}", operands=(1,))
    check_kernel("linalg_eigh_cpu", x)
    return x, UPLO.upper()


EIGH = Primitive(
    "linalg.eigh(x, UPLO: str)",
    _eigh_kernel,
    check=_check_eigh,
    results=lambda x, UPLO: [(x.shape[:-1], x.dtype), (x.shape, x.dtype)],
    fields=("eigenvalues", "eigenvectors"),
    vjp_all=_eigh_vjp,
    grad_fn="LinalgEighBackward0",
    doc="Eigenvalues and eigenvectors of symmetric matrices.",
)
composite(
    "linalg.eigh(x, UPLO: str = 'L')",
    EIGH,
    doc="Eigenvalues, rising, and eigenvectors of a symmetric matrix, of which one triangle is looked at.",
    example="linalg.eigh([[2., 1.], [1., 2.]]).eigenvalues",
    samples=[
        "linalg.eigh(x + x.T)[0]; x:3,3",
        "linalg.eigh(x + x.mT)[1]^2; x:2,2,2",
        "linalg.eigh(x + x.T, 'U').eigenvalues; x:2,2",
    ],
)
composite(
    "linalg.eigvalsh(x, UPLO: str = 'L')",
    lambda x, UPLO: EIGH(x, UPLO)[0],
    doc="Eigenvalues of a symmetric matrix, rising.",
    example="linalg.eigvalsh([[2., 1.], [1., 2.]])",
    samples=["linalg.eigvalsh(x + x.T); x:3,3"],
)
