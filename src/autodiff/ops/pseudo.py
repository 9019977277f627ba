"""What is made of singular values: pseudo-inverses, least squares, rank, condition."""

# ruff: noqa: N803, N806  (matrices have capital letters, as in the formulas)

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.composite import composite
from autodiff.graph.kinds import type_name
from autodiff.graph.node import Node, Results
from autodiff.graph.op import ops
from autodiff.graph.primitive import Primitive, as_operand, none
from autodiff.graph.sizes import Shape, broadcast, concrete, is_concrete, show
from autodiff.ops.create import SIZE
from autodiff.ops.decompose import SVD
from autodiff.ops.matmul import matrix_product, transposed
from autodiff.ops.matrices import check_square, narrow, no_convergence, over_matrices, smaller, widen


def _transposed(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


# Pseudo-inverses


def _finite_svd(A: Any) -> tuple[Any, Any, Any]:
    if not np.isfinite(A).all():
        raise no_convergence("linalg.svd")
    U, S, Vh = np.linalg.svd(A, full_matrices=False)
    return U, S, Vh


def _pinv_kernel(A: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    if A.size == 0:
        return np.zeros((*A.shape[:-2], A.shape[-1], A.shape[-2]), A.dtype)
    if hermitian:
        values, vectors = np.linalg.eigh(A)
        size, left, right = np.abs(values), vectors, _transposed(vectors)
    else:
        U, values, Vh = _finite_svd(A)
        size, left, right = values, _transposed(Vh), _transposed(U)
    limit = np.maximum(np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * size.max(axis=-1, keepdims=True))
    inverse = np.where(size > limit, np.reciprocal(values), 0).astype(A.dtype)
    return np.matmul(left * inverse[..., None, :], right)


def pinv_pullback(g: Node, P: Node, A: Node) -> Node:
    """Source: Golub and Pereyra, 1973; PyTorch's `pinv_backward`."""
    product = matrix_product
    m, n = A.shape[-2:]
    Pt, gt = transposed(P), transposed(g)
    if not is_concrete((m, n)) or m <= n:  # both forms hold for every shape; this is the cheaper one
        K = product(gt, P)
        KPt = product(K, Pt)
        return (
            -transposed(product(P, K)) + KPt - product(product(A, P), KPt) + product(product(Pt, P), gt - product(K, A))
        )
    K = product(P, gt)
    PtK = product(Pt, K)
    return -transposed(product(K, P)) + product(product(gt - product(A, K), P), Pt) + PtK - product(product(PtK, P), A)


PINV = Primitive(
    "linalg.pinv(A, atol, rtol, hermitian: bool)",
    _pinv_kernel,
    shape=lambda A, *_: (*A.shape[:-2], A.shape[-1], A.shape[-2]),
    vjp=[lambda g, out, A, atol, rtol, hermitian: pinv_pullback(g, out, A), none, none],
    grad_fn="LinalgPinvBackward0",
    text="pinv(A)",
    doc="The pseudo-inverse, for given tolerances.",
)


def tolerances(A: Node, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """PyTorch's defaults: eps*max(m, n) relative, unless an absolute tolerance is given."""
    if rtol is None:
        positive = atol is not None and not (atol.weak and not atol.params[0] > 0)
        rtol = 0.0 if positive else as_operand(float(np.finfo(A.dtype.numpy).eps)) * _longest(A)
    return (0.0 if atol is None else atol), rtol


def _longest(A: Node) -> Any:
    m, n = A.shape[-2:]
    return max(m, n) if isinstance(m, int) and isinstance(n, int) else SIZE(A, -1)


def _check_tolerances(x: Node, *tolerances: Any) -> None:
    """One for each matrix of a batch, or one for all."""
    for tolerance in tolerances:
        if isinstance(tolerance, Node):
            broadcast(tolerance.shape, x.shape[:-2], (1, 0))


def _for_each(x: Node, *tolerances: Any) -> Node:
    """x as often as there are tolerances for it."""
    batch = x.shape[:-2]
    for tolerance in tolerances:
        if isinstance(tolerance, Node):
            batch = broadcast(batch, tolerance.shape)
    return widen(x, (*batch, *x.shape[-2:]))


def _pinv(x: Node, rcond: Any, hermitian: bool, atol: Any, rtol: Any) -> Node:
    if len(x.shape) < 2 or x.dtype not in (dtypes.float32, dtypes.float64):
        raise AutodiffError(
            "bad-rank" if len(x.shape) < 2 else "bad-dtype",
            f"linalg.pinv({x.dtype.long_name}{{{show(x.shape)}}}): expected a tensor with 2 or more dimensions of"
            " float, double, cfloat or cdouble types",
            operands=(0,),
        )
    if hermitian:
        check_square("linalg.eigh", x)
    atol, rtol = tolerances(x, atol, rtol if rcond is None else rcond)
    _check_tolerances(x, atol, rtol)
    return PINV(_for_each(x, atol, rtol), atol, rtol, hermitian)  # type: ignore[no-any-return]


composite(
    "linalg.pinv(x, rcond: Tensor? = None, hermitian: bool = False, *, atol: Tensor? = None, rtol: Tensor? = None)",
    _pinv,
    doc="The Moore-Penrose pseudo-inverse; singular values up to max(atol, rtol*largest) count as zero.",
    example="linalg.pinv([[1., 2.], [3., 4.], [5., 6.]])",
    samples=[
        "linalg.pinv(x); x:3,2",
        "linalg.pinv(x); x:2,2,3",
        "linalg.pinv(x + x.T + 6*eye(2), hermitian=True); x:2,2",
        "linalg.pinv(x, rtol=0.01); x:2,3",
    ],
)
composite(
    "pinverse(x, rcond: Tensor = 1e-15)",
    lambda x, rcond: _pinv(x, rcond, False, None, None),
    doc="The pseudo-inverse; singular values up to rcond*largest count as zero.",
    example="pinverse([[1., 2.], [3., 4.], [5., 6.]])",
    samples=["pinverse(x); x:3,2"],
)


# Least squares


DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


def _lstsq_kernel(A: Any, B: Any, rcond: float, driver: str, vector: bool) -> Any:
    m, n = A.shape[-2:]
    wide = B[..., None] if vector else B
    U, S, Vh = _finite_svd(A)
    largest = S.max(axis=-1, keepdims=True) if S.shape[-1] else S
    limit = 0 if driver == "gels" else rcond * largest
    inverse = np.where(limit < S, np.reciprocal(S), 0).astype(A.dtype)
    X = np.matmul(_transposed(Vh), inverse[..., None] * np.matmul(_transposed(U), wide))
    residuals = np.zeros(0, A.dtype)
    if m > n and driver != "gelsy":
        residuals = np.sum(np.square(np.matmul(A, X) - wide), axis=-2)
    rank = np.sum(limit < S, axis=-1) if driver != "gels" else np.zeros(0, np.int64)
    return (X[..., 0] if vector else X), residuals, rank


def _lstsq_shapes(A: Node, B: Node, rcond: float, driver: str, vector: bool) -> list[tuple[Shape, dtypes.DType]]:
    m, n = A.shape[-2:]
    lead = A.shape[:-2]
    columns: Shape = (1,) if vector else B.shape[-1:]
    solution = (*lead, n) if vector else (*lead, n, *columns)
    tall = driver != "gelsy" and m != n and m > n
    return [
        (solution, A.dtype),
        ((*lead, *columns) if tall else (0,), A.dtype),
        (lead if driver != "gels" else (0,), dtypes.int64),
    ]


def _lstsq_vjp(g: Any, out: Any, A: Node, B: Node, rcond: float, driver: str, vector: bool) -> list[Node | None]:
    def column(x: Node) -> Node:
        return ops.unsqueeze(x, -1) if vector else x

    gX, gR = g[0], g[1]
    gA: Node | None = None
    gB: Node | None = None
    X, right = column(out[0]), column(B)
    if gX is not None:
        P = _pinv(A, None, False, None, None)
        gX = column(gX)
        gA = pinv_pullback(matrix_product(gX, transposed(right)), P, A)
        gB = matrix_product(transposed(P), gX)
    if gR is not None and gR.shape != (0,):
        rest = 2 * ops.unsqueeze(gR, -2) * (matrix_product(A, X) - right)
        onto = matrix_product(rest, transposed(X))
        gA = onto if gA is None else gA + onto
        gB = -rest if gB is None else gB - rest
    if gB is not None and vector:
        gB = ops.squeeze(gB, -1)
    return [gA, gB]


LSTSQ_FIELDS = ("solution", "residuals", "rank", "singular_values")
SINGULAR_VALUES = Primitive(
    "svdvals(A)",
    lambda A: _finite_svd(A)[1],
    shape=lambda A: (*A.shape[:-2], smaller(*A.shape[-2:])),
    doc="Singular values that take no gradient.",
)
LSTSQ = Primitive(
    "linalg.lstsq(A, B, rcond: any, driver: str, vector: bool)",
    _lstsq_kernel,
    results=_lstsq_shapes,
    fields=LSTSQ_FIELDS[:3],
    vjp_all=_lstsq_vjp,
    grad_fn="LinalgLstsqBackward0",
    doc="The least-squares solution and what is known of it.",
)


def _lstsq(x: Node, b: Node, rcond: Any, driver: str | None) -> Results:
    def wrong(message: str, code: str, operands: tuple[int, ...] = (0, 1)) -> AutodiffError:
        return AutodiffError(code, f"torch.linalg.lstsq: {message}", operands=operands)

    if len(x.shape) < 2:
        raise wrong("input must have at least 2 dimensions.", "bad-rank", (0,))
    if not b.shape:
        raise wrong("other must have at least 1 dimension.", "bad-rank", (1,))
    if x.dtype is not b.dtype:
        names = f"input's dtype {x.dtype.long_name} and other's dtype {b.dtype.long_name}"
        raise wrong(f"Expected input and other to have the same dtype, but got {names}", "bad-dtype")
    vector = len(b.shape) == 1 or (len(x.shape) - 1 == len(b.shape) and b.shape == x.shape[:-1])
    if not 0 <= len(x.shape) - len(b.shape) <= 1:
        raise wrong(
            "input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1", "bad-rank"
        )
    last = -1 if vector else -2
    if x.shape[-2] != b.shape[last]:
        raise wrong(f"input.size(-2) should match other.size({last})", "shape-mismatch")
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise AutodiffError(
            "bad-dtype", "This function doesn't handle types other than float and double", operands=(0,)
        )
    if driver is not None and driver not in DRIVERS:
        raise wrong("parameter `driver` should be one of (gels, gelsy, gelsd, gelss)", "bad-value", ())
    own = 1 if vector else 2
    batch = broadcast(x.shape[:-2], b.shape[: len(b.shape) - own])
    A, B = widen(x, (*batch, *x.shape[-2:])), widen(b, (*batch, *b.shape[len(b.shape) - own :]))
    if rcond is None:
        rcond = float(np.finfo(x.dtype.numpy).eps) * max(concrete(x.shape[-2:]))
    values = SINGULAR_VALUES(A) if driver in ("gelss", "gelsd") else ops.zeros((0,), dtype=A.dtype)
    return Results.of("lstsq", LSTSQ_FIELDS, [*LSTSQ(A, B, float(rcond), driver or "gelsy", vector), values])


composite(
    "linalg.lstsq(x, b, rcond: Number? = None, *, driver: str? = None)",
    _lstsq,
    doc="The X of least norm among those that make x @ X - b smallest; residuals where the driver computes them.",
    example="linalg.lstsq([[1., 0.], [1., 1.], [1., 2.]], [[1.], [2.], [4.]]).solution",
    samples=[
        "linalg.lstsq(x, y)[0]; x:3,2, y:3,2",
        "linalg.lstsq(x, y, driver='gelsd')[1]; x:3,2, y:3,2",
        "linalg.lstsq(x, y).solution; x:2,3, y:2",
    ],
)


# Rank and condition


def _rank_kernel(A: Any, atol: Any, rtol: Any, hermitian: bool) -> Any:
    size = np.abs(np.linalg.eigvalsh(A)) if hermitian else _finite_svd(A)[1]
    if not size.shape[-1]:
        return np.zeros(A.shape[:-2], np.int64)
    limit = np.maximum(np.asarray(atol)[..., None], np.asarray(rtol)[..., None] * size.max(axis=-1, keepdims=True))
    return np.sum(size > limit, axis=-1)


RANK = Primitive(
    "linalg.matrix_rank(A, atol, rtol, hermitian: bool)",
    _rank_kernel,
    shape=lambda A, *_: A.shape[:-2],
    dtype=lambda *_: dtypes.int64,
    doc="The number of singular values above the tolerances.",
)


def _matrix_rank(x: Node, tol: Any, hermitian: bool, atol: Any, rtol: Any) -> Node:
    if len(x.shape) < 2:
        raise AutodiffError(
            "bad-rank",
            "torch.linalg.matrix_rank: The input tensor input must have at least 2 dimensions.",
            operands=(0,),
        )
    if x.dtype not in (dtypes.float32, dtypes.float64):
        raise AutodiffError(
            "bad-dtype", "This function doesn't handle types other than float and double", operands=(0,)
        )
    if hermitian:
        check_square("linalg.matrix_rank", x)
    atol, rtol = (tol, as_operand(0.0)) if tol is not None else tolerances(x, atol, rtol)
    _check_tolerances(x, atol, rtol)
    return RANK(_for_each(x, atol, rtol), atol, rtol, hermitian)  # type: ignore[no-any-return]


composite(
    "linalg.matrix_rank(x, tol: Tensor? = None, hermitian: bool = False, *, atol: Tensor? = None,"
    " rtol: Tensor? = None)",
    _matrix_rank,
    doc="The number of singular values above max(atol, rtol*largest).",
    example="linalg.matrix_rank([[1., 2.], [2., 4.]])",
)


def _check_cond(x: Node, p: Any) -> None:
    if len(x.shape) < 2:
        raise AutodiffError("bad-rank", "linalg.cond: The input tensor must have at least 2 dimensions.", operands=(0,))
    if p is None or p in (2, -2):
        return
    if not isinstance(p, (str, int, float, Fraction)):
        raise AutodiffError(
            "argument-type",
            f"linalg_cond(): argument 'p' (position 2) must be Number or str, not {type_name(p)}",
            type="TypeError",
            operands=(1,),
        )
    shown = p if isinstance(p, (str, int)) else float(p)
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf) and not isinstance(p, str):
        raise AutodiffError("bad-value", f"linalg.cond got an invalid norm type: {shown}", operands=(1,))
    check_square(f"linalg.cond(ord={shown})", x)
    if p not in ("fro", "nuc", 1, -1, math.inf, -math.inf):
        raise AutodiffError("bad-value", f"linalg.cond got an invalid norm type: {shown}", operands=(1,))


def _cond(x: Node, p: Any) -> Node:
    _check_cond(x, p)
    if p is None or p in (2, -2):
        if 0 in x.shape:
            return ops.zeros(x.shape[:-2], dtype=x.dtype)  # type: ignore[no-any-return]
        values = SVD(x, False)[1]
        count = values.shape[-1]
        first, last = narrow(values, -1, 0, 1), narrow(values, -1, count - 1, 1)
        return ops.squeeze(last / first if p == -2 else first / last, -1)  # type: ignore[no-any-return]
    if p == "nuc":
        values = SVD(x, False)[1]
        return ops.sum(values, (-1,)) * ops.sum(ops.reciprocal(values), (-1,))  # type: ignore[no-any-return]
    inverse, info = ops.linalg_inv_ex(x)
    inverse = ops.masked_fill(inverse, over_matrices(info > 0), math.inf)
    norms = ops.linalg_matrix_norm(x, p) * ops.linalg_matrix_norm(inverse, p)
    return ops.nan_to_num(norms, math.inf, math.inf, -math.inf)  # type: ignore[no-any-return]


composite(
    "linalg.cond(x, p: any = None)",
    _cond,
    doc="How much a matrix magnifies relative errors: its norm times that of its inverse.",
    example="linalg.cond([[1., 2.], [3., 4.]])",
    samples=["linalg.cond(x + 3*eye(2)); x:2,2 in -1..1", "linalg.cond(x + 3*eye(2), 'fro'); x:2,2 in -1..1"],
)
